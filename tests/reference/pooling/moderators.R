# Meta-regression and subgroups of the BCG trials by metafor, at tight control: Rscript moderators.R > moderators.json
suppressMessages({library(metafor); library(metadat); library(jsonlite)})
tight <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
dat <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)

fit <- function(formula) {
  # test = "adhoc" is Knapp and Hartung with max(1, q)
  r <- rma(yi, vi, mods = formula, data = dat, test = "adhoc", control = tight)
  list(terms = rownames(r$b), estimate = as.vector(r$b), se = r$se, p = r$pval, ci_low = r$ci.lb, ci_high = r$ci.ub,
       tau2 = r$tau2, r2 = r$R2, i2 = r$I2, qe = r$QE, qe_p = r$QEp, qm = r$QM, qm_p = r$QMp)
}
group <- function(name) {
  r <- rma(yi, vi, subset = alloc == name, data = dat, test = "adhoc", control = tight)
  list(k = r$k, estimate = as.vector(r$b), se = r$se, ci_low = r$ci.lb, ci_high = r$ci.ub, tau2 = r$tau2)
}
at <- predict(rma(yi, vi, mods = ~ablat, data = dat, test = "adhoc", control = tight), newmods = 34)
cat(toJSON(list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  regression = list(latitude = fit(~ablat), allocation = fit(~factor(alloc)), both = fit(~ablat + factor(alloc))),
  subgroups = sapply(c("alternate", "random", "systematic"), group, simplify = FALSE),
  line_at_34 = list(estimate = at$pred, ci_low = at$ci.lb, ci_high = at$ci.ub, pi_low = at$pi.lb, pi_high = at$pi.ub)
), digits = I(15), auto_unbox = TRUE, pretty = TRUE))
