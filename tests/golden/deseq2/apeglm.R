# Shrunken fold changes of apeglm 1.27.0, beside DESeq2 1.38.3, of genes with ten fragments.
# Rscript apeglm.R INPUTS OUT
suppressMessages(library(DESeq2))
where <- commandArgs(trailingOnly = TRUE)
matrix_of <- function(file) as.matrix(read.delim(gzfile(file), row.names = 1, check.names = FALSE))
shrunken <- function(name, design, last, reference) {
  counts <- matrix_of(file.path(where[1], paste0(name, "_counts.tsv.gz")))
  clinic <- read.delim(file.path(where[1], paste0(name, "_coldata.tsv")), row.names = 1)
  clinic[] <- lapply(clinic, factor)
  clinic[[last]] <- relevel(clinic[[last]], reference)
  object <- DESeqDataSetFromMatrix(counts[rowSums(counts) >= 10, ], clinic, design)
  object <- DESeq(object, quiet = TRUE)
  coefficient <- tail(resultsNames(object), 1)
  found <- lfcShrink(object, coef = coefficient, type = "apeglm", quiet = TRUE)
  table <- data.frame(gene = rownames(found), lfc = signif(found$log2FoldChange, 7))
  file <- gzfile(file.path(where[2], paste0(name, "_apeglm.tsv.gz")), "w")
  write.table(table, file, sep = "\t", quote = FALSE, row.names = FALSE)
  close(file)
}
shrunken("airway", ~ cell + dex, "dex", "untrt")
shrunken("pasilla", ~ type + condition, "condition", "untreated")
