# The forest plot of the BCG trials as metafor draws it, to stand beside ours in docs/figures.md.
# Run from the repository's root: Rscript tests/reference/figures/forest_bcg.R
# R 4.2.2, metafor 3.8-1 (Debian). Reads the trials from data/bcg, writes docs/images/forest_bcg_metafor.png.
suppressPackageStartupMessages(library(metafor))

arms <- read.csv("data/bcg/arms.csv", stringsAsFactors = FALSE)
studies <- read.csv("data/bcg/studies.csv", stringsAsFactors = FALSE)
bcg <- arms[arms$arm == "bcg", ]
control <- arms[arms$arm == "control", ][match(bcg$study_id, arms$study_id[arms$arm == "control"]), ]
names <- studies$label[match(bcg$study_id, studies$study_id)]

found <- escalc(measure = "RR", ai = bcg$events, n1i = bcg$n, ci = control$events, n2i = control$n, slab = names)
fit <- rma(yi, vi, data = found, method = "REML", test = "knha")

png("docs/images/forest_bcg_metafor.png", width = 1500, height = 960, res = 150)
par(mar = c(4, 1, 1, 1))
counts <- cbind(paste0(bcg$events, "/", bcg$n), paste0(control$events, "/", control$n))
forest(fit, atransf = exp, at = log(c(0.05, 0.25, 1, 4)), xlim = c(-14, 6), ilab = counts, ilab.xpos = c(-8, -5.4),
       addpred = TRUE, showweights = TRUE, header = "Study", xlab = "Risk ratio (log scale)", mlab = "", cex = 0.85)
text(c(-8, -5.4), fit$k + 2, c("BCG", "Control"), font = 2, cex = 0.85)
words <- sprintf("REML, Knapp-Hartung: Q = %.2f, df = %d, p < 0.001; I2 = %.0f%%, tau2 = %.3f",
                 fit$QE, fit$k - 1, fit$I2, fit$tau2)
text(-14, -1, words, pos = 4, cex = 0.8)
invisible(dev.off())
