# run here: Rscript cox_real.R FOLDER     (R package survival 3.5-3; FOLDER of real data)
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
tcga <- read.delim(file.path(folder, "sarcoma", "TCGA_SARC_clinical.txt"), check.names = FALSE)
tcga <- data.frame(
  time = tcga[["OS days"]] / 30.4375, event = tcga[["OS status"]] == "Dead",
  age_years = tcga[["age at diagnosis"]] / 10, sex = tolower(tcga[["gender"]]),
  histology = tcga[["short histo"]], mdm2 = tcga[["AMP 12q15 MDM2"]],
  leukocytes = tcga[["leukocyte fraction"]], grade = as.character(tcga[["FNCLCC grade"]]))
ici <- read.delim(file.path(folder, "cohort", "Mariathasan.clin.tsv"))
ici <- data.frame(
  time = ici$survival_time_os, event = ici$event_occurred_os == 1,
  sex = c(F = "female", M = "male")[ici$sex], tmb = ici$TMB_perMb,
  ecog = as.character(ici$Baseline.ECOG.Score), phenotype = ici$Immune.phenotype)
cohorts <- list(
  tcga = list(tcga, c("age_years", "sex", "histology", "mdm2", "leukocytes", "grade")),
  ici = list(ici, c("sex", "tmb", "ecog", "phenotype")))
scaled <- c("mdm2", "leukocytes", "tmb")
fit <- function(cohort, name, variables, stratum = NULL) {
  d <- cohorts[[cohort]][[1]]
  for (v in variables) if (is.character(d[[v]])) {
    counts <- table(d[[v]])
    d[[v]] <- relevel(factor(d[[v]]), names(counts)[which.max(counts)])
  }
  d <- d[complete.cases(d[c("time", "event", variables, stratum)]), ]
  for (v in intersect(variables, scaled)) d[[v]] <- d[[v]] / sd(d[[v]])
  parts <- c(variables, if (!is.null(stratum)) paste0("strata(", stratum, ")"))
  f <- coxph(as.formula(paste("Surv(time, event) ~", paste(parts, collapse = "+"))), d)
  s <- summary(f)
  z <- cox.zph(f)$table
  of <- rep(names(f$assign), lengths(f$assign))
  data.frame(cohort, model = name, covariate = of,
    level = substring(rownames(s$coefficients), nchar(of) + 1), n = s$n, events = s$nevent,
    coefficient = s$coefficients[, 1], se = s$coefficients[, 3],
    lower = s$conf.int[, 3], upper = s$conf.int[, 4], p = s$coefficients[, 5],
    model_p = s$logtest["pvalue"], concordance = s$concordance[1],
    concordance_se = s$concordance[2], proportionality_p = z[of, "p"])
}
rows <- list()
for (cohort in names(cohorts)) for (v in cohorts[[cohort]][[2]])
  rows[[length(rows) + 1]] <- fit(cohort, v, v)
for (v in c("mdm2", "leukocytes"))
  rows[[length(rows) + 1]] <- fit("tcga", paste(v, "+ histology"), v, "histology")
rows[[length(rows) + 1]] <- fit("tcga", "multivariable", c("age_years", "mdm2", "leukocytes"))
rows[[length(rows) + 1]] <- fit("ici", "multivariable", c("tmb", "ecog", "sex"))
table <- do.call(rbind, rows)
is_number <- sapply(table, is.double)
table[is_number] <- lapply(table[is_number], signif, 12)
write.table(table, "cox_real.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
