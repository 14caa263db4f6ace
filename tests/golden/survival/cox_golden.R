# run here: Rscript cox_golden.R     (R package survival 3.5-3; inputs made by survival_golden.R)
suppressMessages(library(survival))
models <- list(
  list("lung", "age", "group"), list("lung", c("age", "ph.ecog"), "group"),
  list("lung", c("group", "age", "ph.ecog"), NULL), list("lung", "age", "ph.ecog"),
  list("veteran", c("group", "karno"), "celltype"), list("veteran", "celltype", "group"),
  list("veteran", c("group", "karno", "age", "celltype"), NULL),
  list("ovarian", "age", "group"), list("kidney", "age", "group"),
  list("kidney", c("group", "frail"), NULL))
rows <- list()
for (m in models) {
  d <- read.delim(file.path("inputs", paste0("surv_", m[[1]], ".tsv")))
  d$group <- factor(d$group)
  if (m[[1]] == "veteran") d$celltype <- factor(d$celltype)
  parts <- c(m[[2]], if (!is.null(m[[3]])) paste0("strata(", m[[3]], ")"))
  for (tie in c("efron", "breslow")) {
    f <- coxph(as.formula(paste("Surv(time, event) ~", paste(parts, collapse = "+"))),
               data = d, ties = tie)
    s <- summary(f)
    z <- cox.zph(f)$table
    of <- rep(names(f$assign), lengths(f$assign))
    rows[[length(rows) + 1]] <- data.frame(
      dataset = m[[1]], ties = tie, formula = paste(m[[2]], collapse = "+"),
      strata = if (is.null(m[[3]])) "" else m[[3]], term = rownames(s$coefficients),
      covariate = of, n = s$n, nevent = s$nevent, coef = s$coefficients[, 1],
      se = s$coefficients[, 3], p = s$coefficients[, 5], loglik0 = f$loglik[1],
      loglik1 = f$loglik[2], lrt_p = s$logtest["pvalue"], wald_p = s$waldtest["pvalue"],
      score_p = s$sctest["pvalue"], concordance = s$concordance[1],
      concordance_se = s$concordance[2], zph_chisq = z[of, "chisq"], zph_df = z[of, "df"],
      zph_p = z[of, "p"], zph_global_p = z[nrow(z), "p"])
  }
}
table <- do.call(rbind, rows)
is_number <- sapply(table, is.double)
table[is_number] <- lapply(table[is_number], signif, 12)
write.table(table, "cox_terms.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
