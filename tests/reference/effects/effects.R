# Reference values of effect sizes, from metafor's escalc. Run in this folder:
#   Rscript effects.R > effects.json
# Inputs are made here, from a fixed seed or typed, and written beside the results.
suppressMessages({library(metafor); library(jsonlite)})
set.seed(20260101)
k <- 12
n1 <- sample(6:220, k); n2 <- sample(6:220, k)
e1 <- rbinom(k, n1, runif(k, .05, .8)); e2 <- rbinom(k, n2, runif(k, .05, .8))
# zero cells of every kind, at the end: one arm none, one arm all, both none, both all
n1 <- c(n1, 20, 31, 15, 40, 12, 9); n2 <- c(n2, 25, 30, 15, 20, 11, 9)
e1 <- c(e1, 0, 5, 15, 0, 12, 9); e2 <- c(e2, 4, 0, 3, 0, 10, 9)
kc <- length(n1)
m1 <- round(rnorm(k, 20, 6), 2); m2 <- round(rnorm(k, 22, 6), 2)
sd1 <- round(runif(k, 2, 9), 3); sd2 <- round(runif(k, 2, 9), 3)
c1 <- n1[1:k]; c2 <- n2[1:k]
x1 <- c(rpois(k, 12) + 1, 0, 3, 0); x2 <- c(rpois(k, 9) + 1, 4, 0, 0)
t1 <- round(runif(k + 3, 50, 900), 1); t2 <- round(runif(k + 3, 50, 900), 1)
xi <- c(rbinom(k, c1, .3), 0, 17); ni <- c(c1, 33, 17)
ri <- round(runif(k, -.9, .9), 3); rn <- sample(5:200, k)
np <- sample(8:90, k); rp <- round(runif(k, .1, .9), 2)
pa <- rpois(k, 8) + 1; pb <- rpois(k, 6) + 1; pc <- rpois(k, 4) + 1; pd <- rpois(k, 10) + 1

both <- function(x) list(yi = as.vector(x$yi), vi = as.vector(x$vi))
counts <- function(measure, ...) both(escalc(measure, ai = e1, n1i = n1, ci = e2, n2i = n2, ...))
means <- function(measure, ...)
  both(escalc(measure, m1i = m1, sd1i = sd1, n1i = c1, m2i = m2, sd2i = sd2, n2i = c2, ...))
rates <- function(measure, ...) both(escalc(measure, x1i = x1, t1i = t1, x2i = x2, t2i = t2, ...))
paired <- function(measure)
  both(escalc(measure, m1i = m1, sd1i = sd1, m2i = m2, sd2i = sd2, ni = np, ri = rp))
tables <- function(measure, ...) both(escalc(measure, ai = pa, bi = pb, ci = pc, di = pd, ...))

out <- list(
  made_with = list(R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  inputs = list(
    counts = list(events_1 = e1, n_1 = n1, events_2 = e2, n_2 = n2),
    means = list(mean_1 = m1, sd_1 = sd1, n_1 = c1, mean_2 = m2, sd_2 = sd2, n_2 = c2),
    rates = list(events_1 = x1, time_1 = t1, events_2 = x2, time_2 = t2),
    single = list(events = xi, n = ni), mean = list(mean = m1, sd = sd1, n = c1),
    rate = list(events = x1, time = t1), correlation = list(r = ri, n = rn),
    paired = list(mean_1 = m1, sd_1 = sd1, mean_2 = m2, sd_2 = sd2, n = np), paired_r = rp,
    tables = list(both = pa, only_1 = pb, only_2 = pc, neither = pd)
  ),
  counts = list(
    OR = counts("OR"), RR = counts("RR"), RD = counts("RD"), AS = counts("AS"),
    PETO = counts("PETO", add = 0, to = "none"),
    OR_drop = counts("OR", drop00 = TRUE), RR_drop = counts("RR", drop00 = TRUE)
  ),
  means = list(
    MD = means("MD"), ROM = means("ROM"), SMDH = means("SMDH"),
    SMD_LS = means("SMD"), SMD_LS2 = means("SMD", vtype = "LS2"), SMD_UB = means("SMD", vtype = "UB"),
    SMD_AV = means("SMD", vtype = "AV")
  ),
  rates = list(IRR = rates("IRR"), IRD = rates("IRD"), IRR_drop = rates("IRR", drop00 = TRUE)),
  single = list(
    PR = both(escalc("PR", xi = xi, ni = ni)), PLO = both(escalc("PLO", xi = xi, ni = ni)),
    PFT = both(escalc("PFT", xi = xi, ni = ni))
  ),
  freeman_tukey_back = transf.ipft(escalc("PFT", xi = xi, ni = ni)$yi, ni),
  mean = list(MN = both(escalc("MN", mi = m1, sdi = sd1, ni = c1))),
  rate = list(
    IR = both(escalc("IR", xi = x1, ti = t1)), IRLN = both(escalc("IRLN", xi = x1, ti = t1))
  ),
  correlation = list(COR = both(escalc("COR", ri = ri, ni = rn)), ZCOR = both(escalc("ZCOR", ri = ri, ni = rn))),
  paired = list(MC = paired("MC"), SMCC = paired("SMCC"), SMCR = paired("SMCR"), SMCRH = paired("SMCRH")),
  tables = list(MPRR = tables("MPRR"), MPOR = tables("MPOR"), MPRD = tables("MPRD"), MPORC = tables("MPORC"))
)
cat(toJSON(out, digits = I(17), auto_unbox = TRUE, pretty = FALSE, na = "null"), "\n")
