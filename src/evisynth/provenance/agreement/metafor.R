# The methods of pooled/estimates.csv by metafor: Rscript --vanilla metafor.R studies.csv answers.csv
# studies.csv: set, yi, vi. answers.csv: version, set, method, quantity, value.
suppressPackageStartupMessages(library(metafor))
files <- commandArgs(trailingOnly = TRUE)
studies <- read.csv(files[1], colClasses = c(set = "character"))
methods <- list(
  common = list(method = "EE", test = "z"),
  dl_wald = list(method = "DL", test = "z"),
  reml_wald = list(method = "REML", test = "z"),
  reml_hksj = list(method = "REML", test = "knha"),
  reml_hksj_safe = list(method = "REML", test = "adhoc")
)
answers <- list()
for (set in unique(studies$set)) {
  own <- studies[studies$set == set, ]
  for (name in names(methods)) {
    # At its default the iteration stops at a change of 1e-5, and the upper limit of tau2 is sought below 100.
    control <- if (methods[[name]]$method == "REML") list(threshold = 1e-14, maxiter = 10000) else list()
    fit <- tryCatch(
      rma(yi, vi, data = own, method = methods[[name]]$method, test = methods[[name]]$test, control = control),
      error = function(e) NULL
    )
    if (is.null(fit)) next
    found <- c(
      estimate = fit$beta[1], se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, p = fit$pval,
      q = fit$QE, q_p = fit$QEp
    )
    if (name != "common") {
      range <- predict(fit)
      limits <- tryCatch(
        confint(fit, control = list(tau2.max = 1e6, tol = 1e-13, maxiter = 10000))$random["tau^2", ],
        error = function(e) c(estimate = NA, ci.lb = NA, ci.ub = NA)
      )
      found <- c(
        found, tau2 = fit$tau2, i2 = fit$I2, h2 = fit$H2, pi_low = range$pi.lb, pi_high = range$pi.ub,
        tau2_ci_low = limits[["ci.lb"]], tau2_ci_high = limits[["ci.ub"]]
      )
    }
    answers[[length(answers) + 1]] <- data.frame(
      version = as.character(packageVersion("metafor")), set = set, method = name, quantity = names(found),
      value = sprintf("%.17g", found)
    )
  }
}
write.csv(do.call(rbind, answers), files[2], row.names = FALSE)
