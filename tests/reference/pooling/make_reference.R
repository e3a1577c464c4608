# Reference values for the pooling functions, from R packages with tight control.
# Run in this folder: Rscript make_reference.R  (writes pooling_reference.json)
# Debian packages: r-cran-metafor r-cran-metadat r-cran-clubsandwich r-cran-robumeta r-cran-jsonlite r-cran-lme4 r-cran-biasedurn
suppressMessages({
  library(metafor); library(metadat); library(clubSandwich); library(robumeta); library(jsonlite)
})
tight <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
profile_tight <- list(tol = 1e-13, maxiter = 10000, tau2.max = 1e8)

# ---- data ---------------------------------------------------------------------------------------------------------
data <- list()
effects <- function(d) data.frame(yi = as.numeric(d$yi), vi = as.numeric(d$vi))
data$bcg_rr <- effects(escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg))
data$bcg_or <- effects(escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg))
data$bcg_rd <- effects(escalc("RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg))
data$clasp <- effects(escalc("OR", ai = c(5, 5, 12, 69, 9, 313), n1i = c(156, 303, 565, 1570, 103, 4659),
                             ci = c(8, 17, 9, 94, 11, 352), n2i = c(74, 303, 477, 1565, 105, 4650)))
data$expectancy <- effects(dat.raudenbush1985)
data$lidocaine <- effects(escalc("RD", n1i = n1i, n2i = n2i, ai = ai, ci = ci, data = dat.hine1989))
data$stay <- effects(escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999))
data$catheters <- effects(escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.nielweise2007))
data$smoking <- effects(dat.hackshaw1998)
set.seed(20)
for (k in c(2, 3, 4, 6, 10, 25)) for (tau2 in c(0, 0.2)) {
  v <- round(exp(runif(k, log(0.01), log(1))), 4)
  data[[sprintf("simulated_%d_%s", k, if (tau2 > 0) "heterogeneous" else "homogeneous")]] <-
    data.frame(yi = round(rnorm(k, 0.3, sqrt(v + tau2)), 4), vi = v)
}
# the same effects in units a million times smaller and larger
data$clasp_micro <- data.frame(yi = data$clasp$yi * 1e-6, vi = data$clasp$vi * 1e-12)
data$clasp_mega <- data.frame(yi = data$clasp$yi * 1e6, vi = data$clasp$vi * 1e12)

tables <- list(
  bcg = with(dat.bcg, data.frame(events_1 = tpos, n_1 = tpos + tneg, events_2 = cpos, n_2 = cpos + cneg)),
  catheters = with(dat.nielweise2007, data.frame(events_1 = ai, n_1 = n1i, events_2 = ci, n_2 = n2i)),
  rare = data.frame(events_1 = c(1, 1, 14, 1, 5, 8, 7, 8, 4, 5), n_1 = c(407, 414, 1197, 989, 139, 136, 304, 214, 111, 231),
                    events_2 = c(1, 1, 16, 1, 4, 11, 4, 11, 0, 8), n_2 = c(422, 407, 1300, 494, 80, 157, 152, 227, 37, 234)),
  clasp = data.frame(events_1 = c(5, 5, 12, 69, 9, 313), n_1 = c(156, 303, 565, 1570, 103, 4659),
                     events_2 = c(8, 17, 9, 94, 11, 352), n_2 = c(74, 303, 477, 1565, 105, 4650)),
  lidocaine = with(dat.hine1989, data.frame(events_1 = ai, n_1 = n1i, events_2 = ci, n_2 = n2i))
)
rates <- list(
  smoking = data.frame(events_1 = c(32, 104, 206, 186, 102), time_1 = c(52407, 43248, 28612, 12663, 5317),
                       events_2 = c(2, 12, 28, 28, 31), time_2 = c(18790, 10673, 5710, 2585, 1462)),
  infections = with(dat.nielweise2008, data.frame(events_1 = x1i, time_1 = t1i, events_2 = x2i, time_2 = t2i))
)
clusters <- list(
  calendars = with(dat.konstantopoulos2011, data.frame(yi = yi, vi = vi, cluster = district, x = year - 1990)),
  mental = with(dat.assink2016, data.frame(yi = yi, vi = vi, cluster = study, x = year))
)

# ---- cases --------------------------------------------------------------------------------------------------------
cases <- list()
add <- function(kind, name, options, expected)
  cases[[length(cases) + 1]] <<- list(kind = kind, data = name, options = options, expected = lapply(expected, as.numeric))
quiet <- function(expression) suppressWarnings(suppressMessages(expression))

for (name in names(data)) for (method in c("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")) {
  d <- data[[name]]
  control <- if (max(d$vi) < 1e-9 || max(d$vi) > 1e9) modifyList(tight, list(threshold = 1e-16)) else tight
  wald <- tryCatch(quiet(rma(yi, vi, data = d, method = method, control = control)), error = function(e) NULL)
  if (is.null(wald)) { cat("metafor gives no fit:", name, method, "\n"); next }
  knapp <- quiet(rma(yi, vi, data = d, method = method, test = "knha", control = control))
  safe <- quiet(rma(yi, vi, data = d, method = method, test = "adhoc", control = control))
  pi_z <- predict(wald); pi_t <- predict(knapp)
  expected <- list(estimate = wald$beta, tau2 = wald$tau2, i2 = wald$I2, h2 = wald$H2, q = wald$QE, q_p = wald$QEp,
    wald_se = wald$se, wald_ci_low = wald$ci.lb, wald_ci_high = wald$ci.ub, wald_p = wald$pval,
    hksj_se = knapp$se, hksj_ci_low = knapp$ci.lb, hksj_ci_high = knapp$ci.ub, hksj_p = knapp$pval,
    safe_se = safe$se, safe_ci_low = safe$ci.lb, safe_ci_high = safe$ci.ub,
    normal_pi_low = pi_z$pi.lb, normal_pi_high = pi_z$pi.ub, t_pi_low = pi_t$pi.lb, t_pi_high = pi_t$pi.ub)
  if (nrow(d) > 2) {
    # this metafor has no interval with k - 2 degrees of freedom: its formula on metafor's parts
    half <- qt(0.975, nrow(d) - 2) * sqrt(wald$se^2 + wald$tau2)
    expected <- c(expected, list(riley_pi_low = wald$beta - half, riley_pi_high = wald$beta + half))
  }
  add("random_effects", name, list(tau2 = method), expected)
}
for (name in grep("micro|mega", names(data), invert = TRUE, value = TRUE)) {
  d <- data[[name]]
  common <- rma(yi, vi, data = d, method = "EE")
  add("common_effect", name, list(), list(estimate = common$beta, se = common$se, ci_low = common$ci.lb,
      ci_high = common$ci.ub, p = common$pval, q = common$QE, q_p = common$QEp))
  fit <- quiet(rma(yi, vi, data = d, method = "DL"))
  limits <- tryCatch(quiet(confint(fit, control = profile_tight)), error = function(e) NULL)
  # an empty set has no limits here; it is a row of the table of divergences
  if (!is.null(limits) && !anyNA(limits$random[1, 2:3]))
    add("q_profile", name, list(), list(tau2_ci_low = limits$random[1, 2], tau2_ci_high = limits$random[1, 3]))
  h <- tryCatch(hc(fit), error = function(e) NULL)
  if (!is.null(h)) add("henmi_copas", name, list(), list(estimate = h$beta, se = h$se, ci_low = h$ci.lb, ci_high = h$ci.ub))
}
for (name in c("bcg_rr", "expectancy", "stay", "simulated_10_heterogeneous")) {
  d <- data[[name]]
  one <- leave1out(rma(yi, vi, data = d, control = tight))
  add("leave_one_out", name, list(), list(estimate = one$estimate, se = one$se, tau2 = one$tau2))
  sums <- quiet(cumul(rma(yi, vi, data = d, control = tight)))
  add("cumulative", name, list(), list(estimate = sums$estimate, se = sums$se, tau2 = sums$tau2))
}
exact <- permutest(rma(yi, vi, data = data$lidocaine, control = tight), exact = TRUE, progbar = FALSE)
add("permutation", "lidocaine", list(ci = "wald"), list(p = exact$pval))

for (name in names(tables)) {
  d <- tables[[name]]
  for (measure in c("OR", "RR", "RD")) {
    r <- quiet(rma.mh(measure = measure, ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = d, correct = FALSE))
    expected <- list(estimate = r$beta, se = r$se, ci_low = r$ci.lb, ci_high = r$ci.ub, p = r$pval)
    if (all(d$events_1 > 0 & d$events_2 > 0)) expected <- c(expected, list(q = r$QE, q_p = r$QEp))
    if (measure == "OR") expected <- c(expected, list(test = r$MH, test_p = r$MHp))
    if (measure == "OR" && all(d$events_1 + d$events_2 > 0)) expected <- c(expected, list(breslow_day = r$TA, breslow_day_p = r$TAp))
    add("mantel_haenszel", name, list(measure = measure), expected)
  }
  r <- quiet(rma.peto(ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = d))
  add("peto", name, list(), list(estimate = r$beta, se = r$se, ci_low = r$ci.lb, ci_high = r$ci.ub, q = r$QE, q_p = r$QEp))
  for (model in c("CM.EL", "CM.AL", "UM.FS")) {
    r <- tryCatch(quiet(rma.glmm(measure = "OR", ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = d, model = model,
         nAGQ = 25, control = list(optCtrl = list(maxfun = 1e5)))), error = function(e) NULL)
    if (!is.null(r)) add("glmm", name, list(model = model), list(estimate = r$beta, se = r$se, tau2 = r$tau2, lrt = r$QE.LRT))
  }
}
for (name in names(rates)) for (measure in c("IRR", "IRD")) {
  r <- rma.mh(measure = measure, x1i = events_1, t1i = time_1, x2i = events_2, t2i = time_2, data = rates[[name]], correct = FALSE)
  expected <- list(estimate = r$beta, se = r$se, ci_low = r$ci.lb, ci_high = r$ci.ub)
  if (measure == "IRR") expected <- c(expected, list(test = r$MH))
  add("mantel_haenszel_rates", name, list(measure = measure), expected)
}

moderators <- list(bcg_rr = cbind(latitude = dat.bcg$ablat), bcg_or = cbind(latitude = dat.bcg$ablat, year = dat.bcg$year - 1948),
                   expectancy = cbind(weeks = pmin(dat.raudenbush1985$weeks, 3)))
for (name in names(moderators)) for (method in c("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")) {
  d <- data[[name]]; x <- moderators[[name]]
  wald <- quiet(rma(yi, vi, mods = x, data = d, method = method, control = tight))
  knapp <- quiet(rma(yi, vi, mods = x, data = d, method = method, test = "knha", control = tight))
  add("meta_regression", name, list(tau2 = method), list(estimate = wald$beta, tau2 = wald$tau2, i2 = wald$I2, h2 = wald$H2,
      r2 = wald$R2, qe = wald$QE, qe_p = wald$QEp, qm = wald$QM, qm_p = wald$QMp, wald_se = wald$se, hksj_se = knapp$se,
      hksj_ci_low = knapp$ci.lb, hksj_ci_high = knapp$ci.ub, hksj_p = knapp$pval, hksj_qm = knapp$QM, hksj_qm_p = knapp$QMp))
}

# as tight as nlminb accepts
mv <- function(...) {
  for (tolerance in c(1e-13, 1e-12, 1e-11, 1e-10, 1e-9)) {
    r <- tryCatch(quiet(rma.mv(yi, vi, random = ~ 1 | cluster / effect, ..., control = list(optimizer = "nlminb", rel.tol = tolerance))),
                  error = function(e) NULL)
    if (!is.null(r)) return(r)
  }
  stop("no fit")
}
for (name in names(clusters)) {
  d <- clusters[[name]]; d$effect <- seq_len(nrow(d))
  for (method in c("REML", "ML")) {
    r <- mv(data = d, method = method)
    add("three_level", name, list(method = method), list(estimate = r$beta, se = r$se, sigma2_between = r$sigma2[1],
        sigma2_within = r$sigma2[2], log_likelihood = as.numeric(logLik(r)), q = r$QE))
  }
  fits <- list(
    "three-level" = list(none = mv(data = d),
                         x = mv(mods = ~x, data = d)),
    random = list(none = rma(yi, vi, data = d, control = tight), x = rma(yi, vi, mods = ~x, data = d, control = tight)))
  for (working in names(fits)) for (mods in c("none", "x")) {
    z <- coef_test(fits[[working]][[mods]], vcov = "CR2", cluster = d$cluster)
    interval <- conf_int(fits[[working]][[mods]], vcov = "CR2", cluster = d$cluster)
    add("cluster_robust", name, list(working = working, moderator = mods == "x"), list(estimate = z$beta, se = z$SE,
        df = z$df_Satt, p = z$p_Satt, ci_low = interval$CI_L, ci_high = interval$CI_U))
  }
}

# robumeta's CORR weights are those of DL when every effect is a cluster of its own
for (name in c("bcg_rr", "bcg_or", "expectancy", "stay", "smoking")) {
  d <- data[[name]]; d$id <- seq_len(nrow(d))
  z <- robu(yi ~ 1, data = d, studynum = id, var.eff.size = vi, modelweights = "CORR", small = TRUE)$reg_table
  add("robumeta", name, list(), list(estimate = z$b.r, se = z$SE, df = z$dfs, p = z$prob, ci_low = z$CI.L, ci_high = z$CI.U))
}

versions <- list(R = R.version.string)
for (package in c("metafor", "metadat", "clubSandwich", "robumeta", "lme4", "BiasedUrn", "jsonlite"))
  versions[[package]] <- as.character(packageVersion(package))
write(toJSON(list(versions = versions, effects = data, tables = tables, rates = rates, clusters = clusters,
                  moderators = lapply(moderators, as.data.frame), cases = cases),
             digits = I(17), auto_unbox = FALSE, dataframe = "columns", pretty = FALSE), "pooling_reference.json")
cat(length(cases), "cases\n")
