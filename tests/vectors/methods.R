# Every method of survey/effects on at least two data sets, as R has it: run once, by hand, and kept.
#   cd tests/vectors && Rscript methods.R > methods-from-r.json
# R 4.2.2 with coin 1.4.2, clubSandwich 0.5.8, psych 2.2.9, MASS, nlme and jsonlite (Debian 12). Where no package has a
# method, its definition stands here in base R, written anew from the paper (person by person, roots by search).
suppressMessages({library(coin); library(clubSandwich); library(psych); library(jsonlite)})
cases <- list()
add <- function(method, set, data, r) cases[[length(cases) + 1]] <<- list(method = method, set = set, data = data, r = r)
root <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-14, maxiter = 10000)$root

# --- shares: both, gained, lost, neither
mid <- function(b, c) min(1, 2 * pbinom(min(b, c), b + c, .5) - dbinom(min(b, c), b + c, .5))
tango <- function(b, c, n) {
  lose <- function(d) {  # probability of losing, most likely given d: the root of the slope of the likelihood
    slope <- function(q) b / (q + d) + c / q - 2 * (n - b - c) / (1 - 2 * q - d)
    low <- max(0, -d); high <- (1 - d) / 2; eps <- 1e-13
    root(slope, low + eps, high - eps)
  }
  z <- function(d) { q <- lose(d); (b - c - n * d) / sqrt(n * (2 * q + d * (1 - d))) }
  k <- qnorm(.975); e <- (b - c) / n
  c(root(function(d) z(d) - k, -.999, e), root(function(d) z(d) + k, e, .999))
}
wilson <- function(x, n) as.numeric(prop.test(x, n, correct = FALSE)$conf.int)
paired_newcombe <- function(a, b, c, d) {
  n <- a + b + c + d; p1 <- (a + b) / n; p2 <- (a + c) / n; w1 <- wilson(a + b, n); w2 <- wilson(a + c, n)
  top <- a * d - b * c; if (top > 0) top <- max(top - n / 2, 0)
  phi <- top / sqrt((a + b) * (c + d) * (a + c) * (b + d))
  low <- sqrt((p1 - w1[1])^2 - 2 * phi * (p1 - w1[1]) * (w2[2] - p2) + (w2[2] - p2)^2)
  high <- sqrt((w1[2] - p1)^2 - 2 * phi * (w1[2] - p1) * (p2 - w2[1]) + (p2 - w2[1])^2)
  c(p1 - p2 - low, p1 - p2 + high)
}
for (one in list(list("Cavo et al. 2012", c(59, 6, 16, 80)), list("Bentur et al. 2009", c(1, 1, 7, 12)))) {
  x <- one[[2]]
  add("paired share", one[[1]], x, list(
    exact = binom.test(x[2], x[2] + x[3])$p.value, mid = mid(x[2], x[3]),
    tango = tango(x[2], x[3], sum(x)), newcombe = do.call(paired_newcombe, as.list(x))))
}
for (one in list(list("Newcombe 1998, table II (a)", c(48, 80, 56, 70)), list("Newcombe 1998, table II (b)", c(3, 10, 9, 10)))) {
  x <- one[[2]]; w2 <- wilson(x[1], x[2]); w1 <- wilson(x[3], x[4]); p2 <- x[1] / x[2]; p1 <- x[3] / x[4]
  add("apart share", one[[1]], x, list(newcombe = c(
    p1 - p2 - sqrt((p1 - w1[1])^2 + (w2[2] - p2)^2), p1 - p2 + sqrt((w1[2] - p1)^2 + (p2 - w2[1])^2))))
}

# --- several answers, several waves
vision <- rbind(c(1520, 266, 124, 66), c(234, 1512, 432, 78), c(117, 362, 1772, 205), c(36, 82, 179, 492))
views <- rbind(c(144, 33, 84, 126), c(2, 4, 14, 29), c(0, 2, 6, 25), c(0, 0, 1, 5))
for (one in list(list("Stuart 1955, vision", vision), list("Agresti, opinions on sex before and outside marriage", views))) {
  m <- one[[2]]; sm <- mh_test(as.table(m)); n <- sum(m); k <- nrow(m) - 1
  d <- (rowSums(m) - colSums(m))[1:k] / n
  v <- ((-(m + t(m)) / n)[1:k, 1:k]); diag(v) <- ((rowSums(m) + colSums(m) - 2 * diag(m)) / n)[1:k]
  v <- (v - d %*% t(d)) / n; b <- as.numeric(d %*% solve(v) %*% d)
  add("all answers", one[[1]], m, list(stuart_maxwell = as.numeric(statistic(sm)),
    p = pchisq(as.numeric(statistic(sm)), k, lower.tail = FALSE),
    bhapkar = b, bhapkar_p = pchisq(b, k, lower.tail = FALSE)))
}
games <- rbind(c(1,1,1),c(1,1,1),c(0,1,0),c(1,1,0),c(0,0,0),c(1,1,1),c(1,1,1),c(1,1,0),c(0,0,1),c(0,1,0),c(1,1,1),c(1,1,1))
drug <- as.matrix(expand.grid(0:1, 0:1, 0:1))[8:1, 3:1]; drug <- drug[rep(1:8, c(6, 16, 2, 4, 2, 4, 6, 6)), ]
for (one in list(list("Conover 1971, sportswriters", games), list("Grizzle, Starmer & Koch 1969, three drugs", unname(drug)))) {
  m <- one[[2]]
  long <- data.frame(y = factor(as.vector(m)), wave = factor(as.vector(col(m))), id = factor(as.vector(row(m))))
  q <- mh_test(y ~ wave | id, data = long)
  add("three waves", one[[1]], m, list(q = as.numeric(statistic(q)), p = as.numeric(pvalue(q))))
}

# three waves of a score: one row a person, NA where they were not there. lme stops early; base R goes to the end.
reml <- function(y, ratio) {  # everything at one ratio of the variances, person by person
  a <- matrix(0, 3, 3); b <- numeric(3); s <- 0; extra <- 0; n <- sum(!is.na(y))
  for (i in seq_len(nrow(y))) { k <- which(!is.na(y[i, ])); v <- diag(length(k)) + ratio; w <- solve(v); x <- diag(3)[k, , drop = FALSE]
    a <- a + t(x) %*% w %*% x; b <- b + t(x) %*% w %*% y[i, k]; s <- s + y[i, k] %*% w %*% y[i, k]; extra <- extra + log(det(v)) }
  m <- solve(a, b); left <- as.numeric(s - t(m) %*% b) / (n - 3)
  list(m = as.numeric(m), v = left * solve(a), left = left, fit = (n - 3) * log(left) + extra + log(det(a)))
}
teeth <- matrix(subset(nlme::Orthodont, age < 14)$distance, ncol = 3, byrow = TRUE)
chicks <- with(subset(ChickWeight, Time %in% c(0, 10, 21)), tapply(weight, list(as.character(Chick), Time), c))
for (one in list(list("Potthoff & Roy 1964, growth", teeth), list("Crowder & Hand 1990, chicks", unname(chicks)))) {
  y <- one[[2]]; at <- optimize(function(l) reml(y, exp(l))$fit, c(-14, 14), tol = 1e-12)$minimum; f <- reml(y, exp(at))
  long <- na.omit(data.frame(y = as.vector(y), wave = factor(as.vector(col(y))), id = factor(as.vector(row(y)))))
  lme <- nlme::lme(y ~ wave, random = ~ 1 | id, data = long); stopifnot(all.equal(cumsum(c(f$m[1], diff(f$m))), as.numeric(nlme::fixef(lme)) + c(0, 1, 1) * nlme::fixef(lme)[[1]], tolerance = 1e-4))
  df <- nrow(long) - nrow(y) - 2; told <- anova(lme); stopifnot(told[2, 2] == df)
  l <- rbind(c(-1, 1, 0), c(-1, 0, 1), c(0, -1, 1)); d <- as.numeric(l %*% f$m); se <- sqrt(diag(l %*% f$v %*% t(l)))
  g <- l[1:2, ]; stat <- as.numeric(t(d[1:2]) %*% solve(g %*% f$v %*% t(g), d[1:2])) / 2
  stopifnot(all.equal(stat, told[2, 3], tolerance = 1e-4))
  add("three waves of a score", one[[1]], y, list(means = f$m, changes = d, t = d / se, p = 2 * pt(-abs(d / se), df),
    low = d - qt(.975, df) * se, high = d + qt(.975, df) * se, f = stat, f_p = pf(stat, 2, df, lower.tail = FALSE),
    between = sqrt(exp(at) * f$left), within = sqrt(f$left)))
}
# proportional odds: polr for the estimate; the error from slopes of its likelihood (Richardson), which polr rounds
for (one in list(list("Holmes & Williams 1954, tonsils", rbind(c(497, 560, 269), c(19, 29, 24))),
                 list("Agresti, ideology by party", rbind(c(80, 81, 171, 41, 55), c(30, 46, 148, 84, 99))))) {
  n <- one[[2]]; k <- ncol(n); like <- function(b) { s <- 0
    for (w in 0:1) s <- s + sum(n[w + 1, ] * log(diff(c(0, plogis(b[1:(k - 1)] - b[k] * w), 1)))); s }
  long <- data.frame(y = factor(rep(seq_len(k), 2)), wave = rep(0:1, each = k), n = as.vector(t(n)))
  fit <- MASS::polr(y ~ wave, data = long, weights = n, control = list(reltol = 1e-16, maxit = 1000)); b <- c(fit$zeta, coef(fit))
  slope <- function(b) sapply(seq_len(k), function(i) { e <- replace(numeric(k), i, 1); h <- 2e-3
    (8 * (like(b + h * e) - like(b - h * e)) - (like(b + 2 * h * e) - like(b - 2 * h * e))) / (12 * h) })
  bend <- sapply(seq_len(k), function(i) { e <- replace(numeric(k), i, 1); h <- 2e-3
    (8 * (slope(b + h * e) - slope(b - h * e)) - (slope(b + 2 * h * e) - slope(b - 2 * h * e))) / (12 * h) })
  for (again in 1:3) b <- b - solve(bend, slope(b))
  stopifnot(abs(b[k] - coef(fit)) < 1e-4); se <- sqrt(solve(-bend)[k, k]); z <- b[[k]] / se
  add("proportional odds", one[[1]], n, list(log_odds = b[[k]], error = se, odds = exp(b[[k]]),
    interval = exp(b[[k]] + c(-1, 1) * qnorm(.975) * se), p = 2 * pnorm(-abs(z))))
}

# --- means
overlap <- function(x, y, n12) {  # x, y: the linked last, in the same order
  n1 <- length(x); n2 <- length(y); r <- cor(tail(x, n12), tail(y, n12))
  t <- (mean(y) - mean(x)) / sqrt(var(x) / n1 + var(y) / n2 - 2 * r * sd(x) * sd(y) * n12 / (n1 * n2))
  g <- (var(x) / n1 + var(y) / n2)^2 / ((var(x) / n1)^2 / (n1 - 1) + (var(y) / n2)^2 / (n2 - 1))
  df <- (n12 - 1) + (g - n12 + 1) / (n1 + n2) * (n1 + n2 - 2 * n12)
  list(t = t, df = df, p = 2 * pt(-abs(t), df))
}
ft <- subset(MASS::anorexia, Treat == "FT"); cbt <- subset(MASS::anorexia, Treat == "CBT")
two <- list(
  list("Student 1908, sleep", sleep$extra[1:10], sleep$extra[11:20], 7),
  list("Hand et al. 1994, anorexia, family treatment", ft$Prewt, ft$Postwt, 12),
  list("Hand et al. 1994, anorexia, cognitive treatment", cbt$Prewt, cbt$Postwt, 20))
for (one in two) {
  x <- one[[2]]; y <- one[[3]]; n <- length(x); t <- t.test(y, x, paired = TRUE); w <- t.test(y, x)
  tv <- as.numeric(t$statistic); dz <- tv / sqrt(n); df <- n - 1
  j <- gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2))
  ends <- sapply(c(.975, .025), function(p) root(function(nc) suppressWarnings(pt(tv, df, nc)) - p, tv - 12, tv + 12)) / sqrt(n)
  d <- y - x; walsh <- outer(d, d, "+") / 2; walsh <- sort(round(walsh[upper.tri(walsh, TRUE)], 9))
  k <- length(walsh); low <- floor(k / 2 - qnorm(.975) * sqrt(n * (n + 1) * (2 * n + 1) / 24)) + 1
  dom <- sign(outer(y, x, "-")); delta <- mean(dom); di <- rowMeans(dom); dj <- colMeans(dom)
  s <- (n^2 * sum((di - delta)^2) + n^2 * sum((dj - delta)^2) - sum((dom - delta)^2)) / (n^2 * (n - 1)^2)
  s <- max(s, (1 - delta^2) / (n^2 - 1)); q <- qt(.975, 2 * n - 2)
  cliff <- (delta - delta^3 + c(-1, 1) * q * sqrt(s) * sqrt((1 - delta^2)^2 + q^2 * s)) / (1 - delta^2 + q^2 * s)
  add("two waves", one[[1]], list(before = x, after = y, pairs = one[[4]]), list(
    paired = list(t = tv, p = t$p.value, interval = as.numeric(t$conf.int)),
    welch = list(t = as.numeric(w$statistic), df = as.numeric(w$parameter), p = w$p.value, interval = as.numeric(w$conf.int)),
    overlap = overlap(x, y, one[[4]]),
    dz = dz, dz_interval = ends, d_av = mean(d) / ((sd(x) + sd(y)) / 2), hedges = j,
    hodges_lehmann = median(walsh), hl_interval = c(walsh[max(1, low)], walsh[min(k, k + 1 - low)]),
    delta = delta, delta_interval = cliff))
}
for (n in c(20, 100, 300))
  add("smallest", paste("n =", n), n, list(dz = power.t.test(n = n, power = .8, type = "paired", strict = TRUE, tol = 1e-12)$delta))

# --- ranks, with zeros and ties
pratt <- function(d, how) { w <- wilcoxsign_test(d ~ rep(0, length(d)), zero.method = "Pratt", distribution = how); as.numeric(pvalue(w)) }
few <- c(0, 0, 1, 1, -1, 2, 2, 3, 0, -2, 1, 1); some <- rep(-3:4, c(1, 3, 8, 15, 11, 6, 2, 1))
many <- rep(-3:3, c(4, 9, 31, 60, 44, 21, 6)); more <- rep(-4:4, c(2, 5, 20, 41, 90, 70, 39, 16, 3))
for (one in list(list("twelve invented changes", few, "exact"), list("47 invented changes", some, "exact"),
                 list("175 invented changes", many, "asymptotic"), list("286 invented changes", more, "asymptotic"))) {
  d <- one[[2]]; r <- rank(abs(d)); up <- sum(r[d > 0]); down <- sum(r[d < 0])
  add("signed ranks", one[[1]], d, list(p = pratt(d, one[[3]]), biserial = (up - down) / (up + down)))
}

# --- many tests
for (one in list(list("invented", c(.01, .02, .03, .04, .05, .001)),
  list("Benjamini & Hochberg 1995", c(.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1))))
  add("families", one[[1]], one[[2]], list(holm = p.adjust(one[[2]], "holm"), bh = p.adjust(one[[2]], "BH")))

# --- scales
tight <- list(opt = list(factr = 1, pgtol = 0, maxit = 10000))
invented <- as.matrix(fromJSON("effects-from-r.json")$items)
for (one in list(list("invented, five items", invented), list("Chatterjee & Price 1977, attitude", unname(as.matrix(attitude))))) {
  m <- one[[2]]; n <- nrow(m); k <- ncol(m); v <- cov(m); a <- suppressWarnings(psych::alpha(as.data.frame(m), check.keys = FALSE))
  al <- k / (k - 1) * (1 - sum(diag(v)) / sum(v)); stopifnot(abs(al - a$total$raw_alpha) < 1e-9)
  fit <- factanal(covmat = v, factors = 1, n.obs = n, lower = .005, control = tight)
  load <- fit$loadings[, 1] * sqrt(diag(v)); own <- fit$uniquenesses * diag(v)
  add("scale", one[[1]], m, list(alpha = al, dropped = a$alpha.drop$raw_alpha, omega = sum(load)^2 / (sum(load)^2 + sum(own)),
    feldt = 1 - (1 - al) * qf(c(.975, .025), n - 1, (n - 1) * (k - 1)),
    discrimination = sapply(seq_len(k), function(i) cor(m[, i], rowSums(m[, -i])))))
  stopifnot(all.equal(a$item.stats$r.drop, cases[[length(cases)]]$r$discrimination))
}

# --- exposure
for (one in list(list("Graubard & Korn 1987, alcohol", c(48, 38, 5, 1, 1), c(17114, 14502, 793, 127, 38), c(0, .5, 1.5, 4, 7)),
                 list("Fleiss 1981, smokers", c(83, 90, 129, 70), c(86, 93, 136, 82), 1:4))) {
  t <- prop.trend.test(one[[2]], one[[3]], one[[4]])
  add("trend", one[[1]], list(yes = one[[2]], people = one[[3]], dose = one[[4]]), list(z2 = as.numeric(t$statistic), p = t$p.value))
}
for (one in list(list("Ezekiel 1930, cars", cars$speed, cars$dist), list("Anscombe 1973, first", anscombe$x1, anscombe$y1))) {
  l <- lm(one[[3]] ~ one[[2]])
  add("line", one[[1]], list(dose = one[[2]], change = one[[3]]), list(slope = as.numeric(coef(l)[2]),
    interval = as.numeric(confint(l)[2, ]), p = summary(l)$coefficients[2, 4]))
}

# --- units
icc <- function(y, g) { a <- anova(lm(y ~ factor(g))); k <- nlevels(factor(g)); n <- length(y); m0 <- (n - sum(table(g)^2) / n) / (k - 1)
  (a[1, 3] - a[2, 3]) / (a[1, 3] + (m0 - 1) * a[2, 3]) }
turned <- function(d, g) { s <- tapply(d, g, sum); e <- as.matrix(expand.grid(rep(list(c(-1, 1)), length(s))))
  mean(abs(e %*% s) >= abs(sum(s)) - 1e-9) }
cr2 <- function(fit, g, i) { t <- coef_test(fit, vcov = "CR2", cluster = g, test = "Satterthwaite"); s <- t$SE[i]; d <- t$df[i]
  list(value = t$beta[i], error = s, df = d, p = t$p_Satt[i], interval = t$beta[i] + c(-1, 1) * qt(.975, d) * s) }
a <- MASS::anorexia; a$unit <- (seq_len(nrow(a)) - 1) %/% 7; a$treated <- as.integer(a$Treat == "FT")
o <- fromJSON("effects-from-r.json"); o <- data.frame(unit = o$unit, Prewt = o$before, Postwt = o$after, treated = o$treated)
for (one in list(list("Hand et al. 1994, anorexia, units invented", a), list("53 invented people of nine units", o))) {
  x <- one[[2]]; d <- x$Postwt - x$Prewt
  long <- data.frame(y = c(x$Prewt, x$Postwt), wave = rep(0:1, each = nrow(x)), treated = rep(x$treated, 2), unit = rep(x$unit, 2))
  add("units", one[[1]], list(unit = x$unit, before = x$Prewt, after = x$Postwt, treated = x$treated), list(
    icc = icc(d, x$unit), turned = turned(d, x$unit),
    change = cr2(lm(d ~ 1), x$unit, 1), ancova = cr2(lm(Postwt ~ treated + Prewt, x), x$unit, 2),
    did = cr2(lm(y ~ treated * wave, long), long$unit, 4)))
}

# --- who came only once: the first `linked` people of `before` came twice
for (one in list(list("Hand et al. 1994, anorexia, cognitive treatment", cbt$Prewt, cbt$Postwt[1:18]),
                 list("Student 1908, sleep, thrice over", sleep$extra[c(1:10, 1:10, 6:10, 6:10)], rep(sleep$extra[11:20], 2)))) {
  x <- one[[2]]; k <- length(one[[3]]); s <- x[1:k]; l <- x[-(1:k)]
  pooled <- sqrt(((length(s) - 1) * var(s) + (length(l) - 1) * var(l)) / (length(x) - 2))
  t <- t.test(c(one[[3]] - s, rep(0, length(l))))
  add("attrition", one[[1]], list(before = x, after = one[[3]]), list(difference = (mean(s) - mean(l)) / pooled,
    carried = as.numeric(t$estimate), interval = as.numeric(t$conf.int), p = t$p.value))
}
cat(toJSON(cases, digits = NA, auto_unbox = TRUE, matrix = "rowmajor"))
