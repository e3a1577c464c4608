# Pinned values for the tests of small-study effects and influence. Needs R with metafor, metadat and jsonlite
# (Debian: r-cran-metafor, r-cran-metadat, r-cran-jsonlite). Run in this folder: Rscript make_reference.R
suppressMessages({library(metafor); library(jsonlite)})
pdf(NULL)
# metafor's default stopping rule is loose: solved to rounding here
tight <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)

rr <- function(d, m = "RR") escalc(m, ai = d$ai, n1i = d$n1i, ci = d$ci, n2i = d$n2i)
counts <- list(
  bcg = with(dat.bcg, data.frame(ai = tpos, n1i = tpos + tneg, ci = cpos, n2i = cpos + cneg)),
  magnesium = with(dat.egger2001, data.frame(ai, n1i, ci, n2i)),
  catheters = with(dat.nielweise2007, data.frame(ai, n1i, ci, n2i))
)
# integers would overflow in the products below
counts <- lapply(counts, function(d) data.frame(lapply(d, as.numeric)))
sets <- list(
  hackshaw = with(dat.hackshaw1998, data.frame(yi, vi)),
  expectancy = with(dat.raudenbush1985, data.frame(yi, vi)),
  linde = { e <- escalc("RR", ai = dat.linde2005$ai, n1i = dat.linde2005$n1i, ci = dat.linde2005$ci, n2i = dat.linde2005$n2i); e <- e[!is.na(e$yi), ]; data.frame(yi = c(e$yi), vi = c(e$vi)) },
  magnesium = { e <- rr(counts$magnesium, "OR"); data.frame(yi = c(e$yi), vi = c(e$vi)) },
  bcg = { e <- rr(counts$bcg); data.frame(yi = c(e$yi), vi = c(e$vi)) }
)
set.seed(20)
for (i in 1:4) {
  k <- c(8, 12, 25, 40)[i]
  vi <- runif(k, 0.01, 0.25)
  sets[[paste0("simulated_", i)]] <- data.frame(yi = round(rnorm(k, 0.2, sqrt(vi + c(0, 0.02, 0.1, 0)[i])), 3), vi = round(vi, 4))
}
cases <- list()
add <- function(kind, data, options, expected) {
  cases[[length(cases) + 1]] <<- list(kind = kind, data = data, options = options, expected = expected)
}
num <- function(x) { x <- as.numeric(x); x }

for (name in names(sets)) {
  d <- sets[[name]]
  fit <- rma(yi, vi, data = d, control = tight)
  lm1 <- summary(lm(yi ~ sqrt(vi), weights = 1/vi, data = d)); ci <- confint(lm(yi ~ sqrt(vi), weights = 1/vi, data = d))
  add("egger", name, list(), list(slope = lm1$coef[2, 1], slope_se = lm1$coef[2, 2], statistic = lm1$coef[2, 3], p = lm1$coef[2, 4], limit = lm1$coef[1, 1], limit_se = lm1$coef[1, 2], limit_ci_low = ci[1, 1], limit_ci_high = ci[1, 2]))
  add("pet", name, list(), list(estimate = lm1$coef[1, 1], se = lm1$coef[1, 2], t = lm1$coef[1, 3], p = lm1$coef[1, 4]))
  lm2 <- summary(lm(yi ~ vi, weights = 1/vi, data = d))
  add("peese", name, list(), list(estimate = lm2$coef[1, 1], se = lm2$coef[1, 2], t = lm2$coef[1, 3], p = lm2$coef[1, 4], slope = lm2$coef[2, 1], slope_se = lm2$coef[2, 2], slope_p = lm2$coef[2, 4]))
  for (m in c("REML", "DL", "ML", "PM")) {
    f <- rma(yi, vi, data = d, method = m, control = tight)
    r <- regtest(f, control = tight)
    add("egger_mixed", name, list(tau2 = m), list(slope = r$fit$beta[2], slope_se = r$fit$se[2], statistic = r$zval, p = r$pval, limit = r$est, limit_ci_low = r$ci.lb, limit_ci_high = r$ci.ub))
    for (e in c("L0", "R0")) {
      t <- trimfill(f, estimator = e, control = tight)
      if (m %in% c("REML", "DL")) add("trim_and_fill", name, list(tau2 = m, estimator = e, model = "random"), list(k0 = t$k0, k0_se = t$se.k0, k0_p = if (e == "R0") t$p.k0 else NULL, side = t$side, estimate = t$beta[1], se = t$se, tau2 = t$tau2))
    }
  }
  fe <- rma(yi, vi, data = d, method = "EE")
  for (e in c("L0", "R0", "Q0")) for (s in c("left", "right")) {
    t <- try(suppressWarnings(trimfill(fe, estimator = e, side = s)), silent = TRUE)
    if (!inherits(t, "try-error")) add("trim_and_fill", name, list(model = "common", estimator = e, side = s), list(k0 = t$k0, side = t$side, estimate = t$beta[1], se = t$se))
  }
  b <- suppressWarnings(ranktest(fit))
  add("begg", name, list(), list(tau = num(b$tau), p = b$pval))
  for (a in c(0.05, 0.01)) add("rosenthal", name, list(alpha = a), list(number = fsn(yi, vi, data = d, alpha = a)$fsnum))
  add("orwin", name, list(weighted = FALSE), list(number = fsn(yi, vi, data = d, type = "Orwin")$fsnum, mean = fsn(yi, vi, data = d, type = "Orwin")$meanes))
  add("orwin", name, list(weighted = TRUE), list(number = fsn(yi, vi, data = d, type = "Orwin", weighted = TRUE)$fsnum, mean = fsn(yi, vi, data = d, type = "Orwin", weighted = TRUE)$meanes))
  x1 <- tes(yi, vi, data = d, test = "chi2", progbar = FALSE); x3 <- tes(yi, vi, data = d, tau2 = 0.03, theta = 0.2, test = "chi2", progbar = FALSE)
  add("excess_significance", name, list(), list(observed = x1$O, expected = x1$E, ratio = x1$OEratio, chi2 = num(x1$X2), chi2_p = x1$pval, p = if (nrow(d) <= 13) tes(yi, vi, data = d, test = "exact", progbar = FALSE)$pval else NULL, true_effect = x1$theta))
  add("excess_significance", name, list(true_effect = 0.2, tau2 = 0.03), list(observed = x3$O, expected = x3$E, chi2_p = x3$pval))
  for (m in c("REML", "DL", "EE")) {
    f <- rma(yi, vi, data = d, method = m, control = tight)
    i <- influence(f)$inf; bx <- baujat(f)
    add("influence", name, list(tau2 = m), list(residual = i$rstudent, dffits = i$dffits, cooks_distance = i$cook.d, covariance_ratio = i$cov.r, tau2_without = i$tau2.del, q_without = i$QE.del, hat = i$hat, weight = i$weight, dfbetas = influence(f)$dfbs[[1]], baujat_x = bx$x[order(bx$ids)], baujat_y = bx$y[order(bx$ids)]))
  }
  # BFGS: nlminb with tight control reports no convergence
  for (s in list(0.025, c(0.025, 0.5), c(0.05, 0.5))) {
    alt <- if (coef(fit) < 0) "less" else "greater"
    sm <- try(suppressWarnings(selmodel(fit, type = "stepfun", steps = s, alternative = alt, control = list(optimizer = "BFGS", reltol = 1e-16, maxit = 10000))), silent = TRUE)
    if (inherits(sm, "try-error")) next
    empty <- any(sm$ptable$k == 0)
    if (empty) next
    add("selection", name, list(steps = s), list(estimate = sm$beta[1], se = sm$se, tau2 = sm$tau2, weights = sm$delta[-1], weights_se = sm$se.delta[-1], log_likelihood = as.numeric(sm$ll), lrt = sm$LRT, side = if (alt == "less") "left" else "right"))
  }
}
for (name in names(counts)) {
  d <- counts[[name]]
  keep <- d$ai + d$ci > 0
  for (m in c("OR", "RR")) {
    e <- rr(d, m); u <- d[keep, ]; y <- c(e$yi)[keep]
    n <- u$n1i + u$n2i; x <- u$ai + u$ci
    f <- lm(y ~ I(1/n), weights = 1/(1/x + 1/(n - x))); s <- summary(f)$coef; ci <- confint(f)
    add("peters", name, list(measure = m, yi = y), list(slope = s[2, 1], slope_se = s[2, 2], statistic = s[2, 3], p = s[2, 4], limit = s[1, 1], limit_ci_low = ci[1, 1], limit_ci_high = ci[1, 2]))
    if (m == "OR") { z <- u$ai - x * u$n1i / n; v <- u$n1i * u$n2i * x * (n - x) / (n^2 * (n - 1)) }
    else { z <- (u$ai * n - x * u$n1i) / (n - x); v <- u$n1i * u$n2i * x / (n * (n - x)) }
    f <- lm(I(z/v) ~ I(1/sqrt(v)), weights = v); s <- summary(f)$coef
    add("harbord", name, list(measure = m), list(slope = s[2, 1], slope_se = s[2, 2], statistic = s[2, 3], p = s[2, 4], limit = s[1, 1], limit_se = s[1, 2]))
  }
}
# all subsets of six studies; metafor's single studies left out
d <- sets$bcg[1:6, ]; f <- rma(yi, vi, data = d, control = tight); g <- gosh(f, progbar = FALSE)
keep <- g$res$k >= 2
add("gosh", "bcg_6", list(), list(member = 1 * as.matrix(g$incl[keep, ]), estimate = g$res$estimate[keep], tau2 = g$res$tau2[keep], q = g$res$QE[keep], i2 = g$res$I2[keep]))
# the other studies alone
for (name in c("hackshaw", "bcg", "magnesium")) {
  d <- sets[[name]]; s <- sign(coef(rma(yi, vi, data = d, control = tight)))
  o <- d[!(s * d$yi / sqrt(d$vi) > qnorm(.975)), ]
  for (m in c("REML", "EE")) { f <- rma(yi, vi, data = o, method = m, control = tight); add("worst_case", name, list(tau2 = m), list(affirmative = nrow(d) - nrow(o), estimate = f$beta[1], se = f$se, tau2 = f$tau2)) }
}
versions <- list(R = as.character(getRversion()), metafor = as.character(packageVersion("metafor")), metadat = as.character(packageVersion("metadat")))
write(toJSON(list(versions = versions, effects = sets, counts = counts, cases = cases), digits = NA, auto_unbox = TRUE, null = "null", na = "null", dataframe = "columns"), "bias_reference.json")
