# What R says of the same data: run once, by hand, and kept in effects-from-r.json.
#   Rscript tests/vectors/effects.R > tests/vectors/effects-from-r.json
# R 4.2.2, psych 2.2.9, clubSandwich 0.5.8, coin 1.4.2 (Debian 12).
suppressMessages({library(psych); library(clubSandwich); library(coin); library(jsonlite)})
set.seed(20201115)

vision <- matrix(c(1520,266,124,66,234,1512,432,78,117,362,1772,205,36,82,179,492), 4, byrow = TRUE)
sm <- mh_test(as.table(vision))

n <- 240; common <- rnorm(n)
items <- sapply(c(.8, .7, .6, .5, .4), function(l) round(3 + 1.1 * (l * common + sqrt(1 - l^2) * rnorm(n))))
a <- psych::alpha(as.data.frame(items), check.keys = FALSE)
fit <- factanal(covmat = cov(items), factors = 1, n.obs = n, lower = 0.005)
load <- fit$loadings[, 1] * sqrt(diag(cov(items))); own <- fit$uniquenesses * diag(cov(items))
total <- sum(load)^2 / (sum(load)^2 + sum(own))
feldt <- alpha.ci(a$total$raw_alpha, n, 5)

yes <- c(48, 38, 5, 1, 1); people <- c(17114, 14502, 793, 127, 38); dose <- c(0, .5, 1.5, 4, 7)
trend <- prop.trend.test(yes, people, dose)

unit <- rep(1:9, times = c(4, 6, 8, 5, 7, 3, 9, 6, 5)); m <- length(unit)
before <- round(rnorm(m, 10, 2), 2); treated <- as.integer(unit %in% c(2, 3, 7, 9))
after <- round(before * .6 + 3 + .9 * treated + rnorm(9)[unit] * .8 + rnorm(m), 2)
model <- lm(after ~ treated + before)
cr2 <- coef_test(model, vcov = "CR2", cluster = unit, test = "Satterthwaite")
long <- data.frame(y = c(before, after), wave = rep(0:1, each = m), treated = rep(treated, 2), unit = rep(unit, 2))
did <- coef_test(lm(y ~ treated * wave, long), vcov = "CR2", cluster = long$unit, test = "Satterthwaite")
line <- lm(after ~ before)

hl <- c(1.83, .5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3, -.4, -.7, .25, 2.2, -1.1, .9, .05, 3.4, -.15, 1.05, 2.75)
w <- suppressWarnings(wilcox.test(hl, conf.int = TRUE, exact = FALSE, correct = FALSE))

cat(toJSON(list(
  stuart_maxwell = list(statistic = unname(statistic(sm)), p = pvalue(sm)[1]),
  items = items, alpha = a$total$raw_alpha, dropped = a$alpha.drop$raw_alpha, omega = total,
  feldt = c(feldt$lower.ci, feldt$upper.ci),
  trend = unname(trend$statistic), trend_p = trend$p.value,
  unit = unit, before = before, after = after, treated = treated,
  ancova = list(value = cr2$beta[2], error = cr2$SE[2], df = cr2$df[2], p = cr2$p_Satt[2]),
  did = list(value = did$beta[4], error = did$SE[4], df = did$df[4], p = did$p_Satt[4]),
  slope = list(value = unname(coef(line)[2]), interval = unname(confint(line)[2, ]), p = summary(line)$coefficients[2, 4]),
  holm = p.adjust(c(.01, .02, .03, .04, .05, .001), "holm"), bh = p.adjust(c(.01, .02, .03, .04, .05, .001), "BH"),
  changes = hl, hodges_lehmann = unname(w$estimate), hl_interval = as.numeric(w$conf.int)
), digits = 10, auto_unbox = TRUE))
