"""The few distributions that tests need, by the functions they are made of (pure).

`scipy.stats` has them too, and takes as long to load as everything else together; a child process lives for one report.
"""

from __future__ import annotations

from scipy import special


def normal_quantile(share: float) -> float:
    """The value below which this share of a standard normal lies."""
    return float(special.ndtri(share))


def normal_beyond(z: float) -> float:
    """Two-sided p of a standard normal: the share farther from 0 than z."""
    return 2 * float(special.ndtr(-abs(z)))


def t_quantile(share: float, df: float) -> float:
    """The value below which this share of Student's t lies."""
    return float(special.stdtrit(df, share))


def t_beyond(t: float, df: float) -> float:
    """Two-sided p of Student's t."""
    return 2 * float(special.stdtr(df, -abs(t)))


def chi_above(value: float, df: float) -> float:
    """The share of chi-squared above a value."""
    return float(special.chdtrc(df, value))


def f_above(value: float, df: float, df_below: float) -> float:
    """The share of F above a value."""
    return float(special.fdtrc(df, df_below, value))


def f_quantile(share: float, df: float, df_below: float) -> float:
    """The value below which this share of F lies."""
    return float(special.fdtri(df, df_below, share))


def tosses_upto(few: int, tosses: int) -> float:
    """The chance of at most so many heads among tosses of a fair coin; 1 where nothing was tossed."""
    return float(special.bdtr(few, tosses, 0.5)) if tosses else 1.0


def tosses_exactly(few: int, tosses: int) -> float:
    """The chance of exactly so many heads among tosses of a fair coin."""
    return tosses_upto(few, tosses) - (tosses_upto(few - 1, tosses) if few else 0.0)
