# Statistics of DESeq2 on four count matrices, to agree with.
# Rscript make.R INPUTS REAL OUT : INPUTS holds airway_* and pasilla_*; REAL the folder of the
# public cohorts (sarcoma/, cohort/), or "-" to leave these two out; OUT receives the tables.
suppressMessages(library(DESeq2))
where <- commandArgs(trailingOnly = TRUE)
inputs <- where[1]
real <- where[2]
out <- where[3]

write <- function(name, frame, digits) {
  frame <- as.data.frame(frame)
  numbers <- vapply(frame, is.numeric, TRUE)
  frame[numbers] <- lapply(frame[numbers], signif, digits)
  file <- gzfile(file.path(out, paste0(name, ".tsv.gz")), "w")
  write.table(frame, file, sep = "\t", quote = FALSE, row.names = FALSE)
  close(file)
}

answer <- function(name, counts, clinic, design, contrast) {
  object <- DESeqDataSetFromMatrix(counts[rowSums(counts) >= 10, ], clinic, design)
  object <- DESeq(object, quiet = TRUE)
  wide <- results(object, contrast = contrast, alpha = 0.1)
  narrow <- results(object, contrast = contrast, alpha = 0.05)
  raw <- results(object, contrast = contrast, independentFiltering = FALSE, cooksCutoff = FALSE)
  about <- mcols(object)
  write(paste0(name, "_results"), data.frame(
    gene = rownames(object), base_mean = wide$baseMean, lfc = wide$log2FoldChange,
    p = raw$pvalue, is_outlying = as.integer(is.na(wide$pvalue)), q10 = wide$padj,
    q05 = narrow$padj, own = about$dispGeneEst, dispersion = about$dispersion
  ), 7)
  fun <- dispersionFunction(object)
  trend <- attr(fun, "coefficients")
  write(paste0(name, "_fit"), data.frame(
    name = name, samples = ncol(object), genes = nrow(object), a0 = trend[1], a1 = trend[2],
    residual = attr(fun, "varLogDispEsts"), prior = attr(fun, "dispPriorVar"),
    threshold10 = metadata(wide)$filterThreshold, threshold05 = metadata(narrow)$filterThreshold
  ), 12)
  object
}

# Of a count matrix that may be shipped: the transformation, and the trend's other form.
more <- function(name, object) {
  shown <- seq_len(500)
  write(paste0(name, "_vst"), data.frame(gene = rownames(object)[shown], assay(vst(object))[shown, ],
    check.names = FALSE), 10)
  suppressMessages(local <- estimateDispersionsFit(object, fitType = "local", quiet = TRUE))
  write(paste0(name, "_local"), data.frame(
    gene = rownames(object)[shown], fitted = dispersionFunction(local)(mcols(object)$baseMean)[shown]
  ), 10)
}

matrix_of <- function(file) as.matrix(read.delim(gzfile(file), row.names = 1, check.names = FALSE))

counts <- matrix_of(file.path(inputs, "airway_counts.tsv.gz"))
clinic <- read.delim(file.path(inputs, "airway_coldata.tsv"), row.names = 1)
clinic$cell <- factor(clinic$cell)
clinic$dex <- relevel(factor(clinic$dex), "untrt")
more("airway", answer("airway", counts, clinic, ~ cell + dex, c("dex", "trt", "untrt")))

counts <- matrix_of(file.path(inputs, "pasilla_counts.tsv.gz"))
clinic <- read.delim(file.path(inputs, "pasilla_coldata.tsv"), row.names = 1)
clinic$type <- factor(clinic$type)
clinic$condition <- relevel(factor(clinic$condition), "untreated")
contrast <- c("condition", "treated", "untreated")
more("pasilla", answer("pasilla", counts, clinic, ~ type + condition, contrast))

if (real != "-") {
  rows <- read.csv(gzfile(file.path(real, "sarcoma/rms_vs_muscle_counts.csv.gz")), check.names = FALSE)
  counts <- rowsum(as.matrix(rows[, -1]), rows[, 1])
  tissue <- ifelse(grepl("muscle", colnames(counts)), "muscle", "tumour")
  clinic <- data.frame(tissue = factor(tissue, c("muscle", "tumour")), row.names = colnames(counts))
  answer("rms_vs_muscle", counts, clinic, ~ tissue, c("tissue", "tumour", "muscle"))

  counts <- as.matrix(read.csv(
    gzfile(file.path(real, "cohort/riaz_GSE91061_raw_counts.csv.gz")), row.names = 1, check.names = FALSE
  ))
  counts <- counts[, grepl("_Pre_", colnames(counts))]
  patients <- read.csv(file.path(real, "cohort/riaz_bms038_clinical.csv"))
  patients <- patients[match(sub("_.*", "", colnames(counts)), patients$PatientID), ]
  is_known <- patients$BOR %in% c("CR", "PR", "SD", "PD")
  counts <- counts[, is_known]
  patients <- patients[is_known, ]
  clinic <- data.frame(
    responded = factor(ifelse(patients$BOR %in% c("CR", "PR"), "yes", "no")),
    arm = factor(patients$Cohort), row.names = colnames(counts)
  )
  answer("riaz", counts, clinic, ~ responded, c("responded", "yes", "no"))
  answer("riaz_adjusted", counts, clinic, ~ arm + responded, c("responded", "yes", "no"))
}
smooth <- lowess(cars$speed, cars$dist, f = 1 / 5)
write("lowess", data.frame(x = sort(cars$speed), y = cars$dist[order(cars$speed)], smooth = smooth$y), 15)
writeLines(capture.output(sessionInfo()), file.path(out, "session.txt"))
