# run here: Rscript cohorts.R FOLDER     (R package survival 3.5-3; FOLDER of real data)
# Summary numbers of public cohorts, straight from the tables that their authors published.
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
untold <- c("NA", "", "[Unknown]", "[Not Available]")
tell <- function(name) {
  d <- read.delim(file.path(folder, name), check.names = FALSE, na.strings = untold)
  d[names(d) != ""]  # but for the names of rows
}
few <- 5  # a group of fewer is that of patients, and nothing of theirs is kept
rows <- list()
put <- function(cohort, table, key, values) {
  values <- unlist(values)
  rows[[length(rows) + 1]] <<- data.frame(cohort, table, key, column = names(values),
    value = formatC(unname(values), digits = 15, format = "g", width = 1))
}
key <- function(...) { k <- c(...); paste(names(k), k, sep = "=", collapse = ";") }
middle <- function(fit) {
  t <- summary(fit)$table
  has <- max(fit$time) >= 12  # else nobody was followed so long
  at <- if (has) summary(fit, times = 12)
  c(n = t[["records"]], events = t[["events"]], median_months = t[["median"]],
    median_lower = t[["0.95LCL"]], median_upper = t[["0.95UCL"]],
    landmark_survival = if (has) at$surv else NA, landmark_lower = if (has) at$lower else NA,
    landmark_upper = if (has) at$upper else NA)
}
curves <- function(cohort, d, outcome, feature, group = NULL) {
  d <- d[!is.na(d$time) & !is.na(d$event), ]
  if (is.null(group)) d$group <- "all" else { d$group <- d[[group]]; d <- d[!is.na(d$group), ] }
  test <- NULL
  if (!is.null(group)) {
    s <- survdiff(Surv(time, event) ~ group, d)
    test <- c(logrank_chi2 = s$chisq, p = pchisq(s$chisq, length(s$n) - 1, lower.tail = FALSE))
  }
  for (level in unique(d$group)) {
    own <- d[d$group == level, ]
    if (nrow(own) < few) next
    seen <- survfit(Surv(time, event) ~ 1, own)
    followed <- survfit(Surv(time, !event) ~ 1, own)
    put(cohort, "survival", key(outcome = outcome, feature = feature, group = level),
      c(middle(seen), follow_up_months = summary(followed)$table[["median"]], test))
  }
}
follow <- function(cohort, d) {
  d <- d[!is.na(d$time) & !is.na(d$event), ]
  t <- summary(survfit(Surv(time, !event) ~ 1, d))$table
  put(cohort, "trial_times", key(measure = "follow-up"), c(n = nrow(d), median = t[["median"]],
    lower = t[["0.95LCL"]], upper = t[["0.95UCL"]], minimum = min(d$time), maximum = max(d$time)))
}
hazard <- function(cohort, d, outcome, model, variables, scaled = character()) {
  d <- d[complete.cases(d[c("time", "event")]), ]
  for (v in variables) if (is.character(d[[v]])) {
    counts <- table(d[[v]])
    d[[v]] <- relevel(factor(d[[v]]), names(counts)[which.max(counts)])
  }
  d <- d[complete.cases(d[variables]), ]
  for (v in intersect(variables, scaled)) d[[v]] <- d[[v]] / sd(d[[v]])
  # a term each, in the order of the variables
  f <- coxph(Surv(time, event) ~ ., d[c("time", "event", variables)], ties = "efron")
  s <- summary(f)
  z <- cox.zph(f)$table
  of <- rep(names(f$assign), lengths(f$assign))
  bare <- gsub("`", "", of)
  level <- substring(rownames(s$coefficients), nchar(of) + 1)
  for (i in seq_along(of)) {
    term <- paste0(if (bare[i] %in% c("age_years", "sex", "histology")) "clinic." else
      "measurements.", bare[i], if (nchar(level[i])) ":", level[i])
    name <- if (model == "") sub(":[^:]*$", "", term) else model
    put(cohort, "hazards", key(outcome = outcome, model = name, term = term),
      c(n = s$n, events = s$nevent, coefficient = s$coefficients[i, 1],
        se = s$coefficients[i, 3], hazard_ratio = s$conf.int[i, 1], lower = s$conf.int[i, 3],
        upper = s$conf.int[i, 4], p = s$coefficients[i, 5],
        model_p = s$logtest[["pvalue"]], concordance = s$concordance[[1]],
        proportionality_p = z[of[i], "p"]))
  }
}
rate <- function(cohort, measure, count, n, subgroup = "all", level = "all") {
  i <- binom.test(count, n)$conf.int
  put(cohort, "response_rates", key(criterion = "RECIST 1.1", subgroup = subgroup,
    level = level, measure = measure), c(n = n, count = count, percent = 100 * count / n,
    lower_percent = 100 * i[1], upper_percent = 100 * i[2]))
}
rates <- function(cohort, response, subgroup = "all", level = rep("all", length(response))) {
  has <- response %in% c("CR", "PR", "CR/PR", "SD", "PD")
  level[is.na(level)] <- "missing"
  for (l in unique(level[has])) {
    own <- response[has & level == l]
    if (length(own) < few) next
    rate(cohort, "ORR", sum(own %in% c("CR", "PR", "CR/PR")), length(own), subgroup, l)
    rate(cohort, "DCR", sum(own != "PD"), length(own), subgroup, l)
    if (!"CR/PR" %in% response) rate(cohort, "CR", sum(own == "CR"), length(own), subgroup, l)
  }
}
outcomes <- function(response) list(
  responded = ifelse(response %in% c("CR", "PR", "CR/PR"), TRUE,
    ifelse(response %in% c("SD", "PD"), FALSE, NA)),
  disease_control = ifelse(response %in% c("CR", "PR", "CR/PR", "SD"), TRUE,
    ifelse(response == "PD", FALSE, NA)))
compare <- function(cohort, response, feature, value) {
  all <- outcomes(response)
  for (outcome in names(all)) {
    known <- !is.na(all[[outcome]]) & !is.na(value)
    o <- all[[outcome]][known]; v <- value[known]
    k <- key(outcome = outcome, feature = feature)
    shared <- c(n = sum(known), n_positive = sum(o))
    if (is.numeric(v)) {
      w <- suppressWarnings(wilcox.test(v[o], v[!o]))
      put(cohort, "associations", k, c(shared, median_positive = median(v[o]),
        median_negative = median(v[!o]), p = w$p.value,
        auc = unname(w$statistic) / sum(o) / sum(!o)))
    } else put(cohort, "associations", k,
      c(shared, p = fisher.test(table(v, o), workspace = 2e7)$p.value))
  }
}
high <- function(v, cut = NULL, known = TRUE) {
  cut <- if (is.null(cut)) median(v[known], na.rm = TRUE) else cut
  ifelse(v >= cut, "high", "low")
}
months <- function(days) days / 30.4375
study <- function(d, prefix) {
  d$time <- d[[paste0(prefix, "_months")]]; d$event <- d[[paste0(prefix, "_event")]]; d
}
features <- function(cohort, d, outcome, numbers, words, flags = character()) {
  d <- study(d, outcome)
  known <- !is.na(d$time) & !is.na(d$event)
  curves(cohort, d, outcome, "all")
  for (f in numbers) {
    d$split <- high(d[[f]], known = known)
    curves(cohort, d, outcome, paste0("measurements.", f), "split")
    hazard(cohort, d, outcome, "", f, f)
  }
  for (f in words) {
    curves(cohort, d, outcome, paste0("measurements.", f), f)
    hazard(cohort, d, outcome, "", f)
  }
  for (f in flags) {
    d$split <- ifelse(is.na(d[[f]]), NA, ifelse(d[[f]] == "Y", "true", "false"))
    curves(cohort, d, outcome, paste0("measurements.", f), "split")
    d[[f]] <- as.numeric(d[[f]] == "Y")
    hazard(cohort, d, outcome, "", f)
  }
}

# SARC028: outcomes of one file, patients' facts of another
d <- tell("sarcoma/SARC028_PFS_data_trial.txt")
b <- tell("sarcoma/SARC028_baselinedata.txt")
d <- cbind(d, b[match(d[["SARC-ID"]], b[["SARC-ID"]]), -1])
d$pfs_months <- months(d$PFS_days); d$pfs_event <- d[["PFS_Survival Event"]] == "Event occurred"
d$os_months <- months(d$OS_days); d$os_event <- d$OS == "Event occurred"
lines <- "Number of Prior Lines of Therapy"
for (o in c("pfs", "os")) {
  features("sarc028", d, o, c("Age", "BMI", lines), "Sex")
  hazard("sarc028", study(d, o), o, "multivariable", c("Age", "Sex", lines), c("Age", lines))
}
follow("sarc028", study(d, "os"))

# sarcomas under checkpoint inhibitors, MSK; no CR is told from PR
d <- tell("sarcoma/msk_ici_clinical.txt")
d$pfs_months <- d$PFS_months; d$pfs_event <- d[["Alive/dead"]] == 1
lymph <- "lymphoid content cells sum"
features("msk", d, "pfs", c(lymph, "purity"), "Study")
curves("msk", study(d, "pfs"), "pfs", "measurements.Histology", "Histology")
hazard("msk", study(d, "pfs"), "pfs", "multivariable", c(lymph, "purity", "Study"),
  c(lymph, "purity"))
rates("msk", d$Response); rates("msk", d$Response, "histology", d$Histology)
for (f in c(lymph, "purity", "Study", "Histology"))
  compare("msk", d$Response, paste0("measurements.", f), d[[f]])

# TCGA-SARC: survival by histology and by amplification of MDM2
d <- tell("sarcoma/TCGA_SARC_clinical.txt")
d$pfs_months <- months(d[["RFS days"]]); d$pfs_event <- d[["RFS status"]] == "Relapse"
d$os_months <- months(d[["OS days"]]); d$os_event <- d[["OS status"]] == "Dead"
d$age_years <- d[["age at diagnosis"]] / 10; d$sex <- tolower(d$gender)
mdm2 <- "AMP 12q15 MDM2"; leukocytes <- "leukocyte fraction"
for (o in c("pfs", "os")) {
  features("tcga_sarc", d, o, c("FNCLCC grade", leukocytes), "short histo")
  d$amplified <- high(d[[mdm2]], 1)
  curves("tcga_sarc", study(d, o), o, paste0("measurements.", mdm2), "amplified")
  hazard("tcga_sarc", study(d, o), o, "", mdm2, mdm2)
  for (v in c("age_years", "sex", "histology")) hazard("tcga_sarc", study(d, o), o, "", v)
  hazard("tcga_sarc", study(d, o), o, "multivariable", c("age_years", mdm2, "short histo"), mdm2)
}
follow("tcga_sarc", study(d, "os"))

# cohorts as PredictIO gives them: bladder, melanoma, melanoma
of_predictio <- function(name) {
  d <- tell(file.path("cohort", paste0(name, ".clin.tsv")))
  for (o in c("pfs", "os")) {
    d[[paste0(o, "_months")]] <- d[[paste0("survival_time_", o)]]
    d[[paste0(o, "_event")]] <- d[[paste0("event_occurred_", o)]] == 1
  }
  d$sex <- c(F = "female", M = "male")[d$sex]
  d$age_years <- d$age / 10
  d
}
d <- of_predictio("Mariathasan")
features("mariathasan", d, "os", c("TMB_perMb", "Baseline.ECOG.Score"), "Immune.phenotype")
hazard("mariathasan", study(d, "os"), "os", "", "sex")
hazard("mariathasan", study(d, "os"), "os", "multivariable",
  c("sex", "TMB_perMb", "Immune.phenotype"), "TMB_perMb")
follow("mariathasan", study(d, "os"))
rates("mariathasan", d$recist); rates("mariathasan", d$recist, "sex", d$sex)
for (f in c("TMB_perMb", "Baseline.ECOG.Score", "Immune.phenotype"))
  compare("mariathasan", d$recist, paste0("measurements.", f), d[[f]])

d <- of_predictio("Hugo")
features("hugo", d, "os", character(), character(), "Previous.MAPKi")
for (v in c("sex", "age_years")) hazard("hugo", study(d, "os"), "os", "", v)
hazard("hugo", study(d, "os"), "os", "multivariable", c("age_years", "sex"))
follow("hugo", study(d, "os"))
rates("hugo", d$recist); rates("hugo", d$recist, "sex", d$sex)
for (f in c("Previous.MAPKi", "Disease.Status"))
  compare("hugo", d$recist, paste0("measurements.", f), d[[f]])

d <- of_predictio("Van_Allen")
for (o in c("pfs", "os")) {
  features("van_allen", d, o, "TMB_perMb", character())
  curves("van_allen", study(d, o), o, "measurements.M", "M")
  hazard("van_allen", study(d, o), o, "multivariable", c("age_years", "sex", "TMB_perMb"),
    "TMB_perMb")
}
follow("van_allen", study(d, "os"))
rates("van_allen", d$recist); rates("van_allen", d$recist, "histology", d$histo)
for (f in c("TMB_perMb", "M", "LDH"))
  compare("van_allen", d$recist, paste0("measurements.", f), d[[f]])

# Riaz: melanoma under nivolumab, with indicators of censoring
d <- read.csv(file.path(folder, "cohort/riaz_bms038_clinical.csv"))
for (o in c("pfs", "os")) {
  d[[paste0(o, "_months")]] <- months(d[[toupper(o)]])
  d[[paste0(o, "_event")]] <- d[[paste0(toupper(o), "_SOR")]] == 0
  features("riaz", d, o, character(), c("Cohort", "SubtypeEZ"))
  hazard("riaz", study(d, o), o, "multivariable", c("Cohort", "SubtypeEZ"))
}
follow("riaz", study(d, "os"))
rates("riaz", d$BOR)
for (f in c("Cohort", "SubtypeEZ")) compare("riaz", d$BOR, paste0("measurements.", f), d[[f]])

write.table(do.call(rbind, rows), "cohorts.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
writeLines(c(R.version.string, paste("survival", packageVersion("survival"))), "session.txt")
