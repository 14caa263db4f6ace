# Purity, ploidy and segments of one simulated exome by PureCN.
# Rscript run_purecn.R FOLDER: reads tumour.txt, normal.txt, intervals.txt and snps.vcf there,
# writes fit.tsv and segments.tsv (0-based).
suppressPackageStartupMessages(library(PureCN))
folder <- commandArgs(trailingOnly = TRUE)[1]
at <- function(name) file.path(folder, name)
set.seed(1)
for (name in c("tumour", "normal")) {
  correctCoverageBias(at(paste0(name, ".txt")), at("intervals.txt"),
    output.file = at(paste0(name, "_gc.txt")))
}
found <- runAbsoluteCN(
  normal.coverage.file = at("normal_gc.txt"), tumor.coverage.file = at("tumour_gc.txt"),
  vcf.file = at("snps.vcf"), interval.file = at("intervals.txt"), genome = "hg38",
  sampleid = "TUMOR", test.purity = seq(0.1, 0.98, by = 0.02), post.optimize = FALSE,
  plot.cnv = FALSE, verbose = FALSE
)
best <- found$results[[1]]
write.table(data.frame(purity = best$purity, ploidy = best$ploidy), at("fit.tsv"),
  sep = "\t", quote = FALSE, row.names = FALSE)
chromosomes <- paste0("chr", c(1:22, "X", "Y"))
seg <- best$seg
contig <- if (is.numeric(seg$chrom)) chromosomes[seg$chrom] else as.character(seg$chrom)
write.table(
  data.frame(contig = contig, start = seg$loc.start - 1, end = seg$loc.end, total = seg$C),
  at("segments.tsv"), sep = "\t", quote = FALSE, row.names = FALSE
)
