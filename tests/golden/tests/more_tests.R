# More answers of base R, where tests_golden.R has one case or none. From this folder:
# Rscript more_tests.R
d <- function(v) sprintf("%.15g", v)
w <- function(x, f) write.table(x, f, sep = "\t", quote = FALSE, row.names = FALSE, na = "NA")
j <- function(v) paste(v, collapse = ",")
set.seed(42)

# Fisher, r x c, as far as R itself comes in seconds
shapes <- list(c(2, 7, 60), c(3, 3, 40), c(3, 5, 100), c(4, 4, 50), c(4, 5, 40), c(5, 5, 40))
w(do.call(rbind, lapply(shapes, function(s) do.call(rbind, lapply(1:2, function(strength) {
  r <- s[1]; k <- s[2]
  p <- outer(runif(r, .5, 1), runif(k, .5, 1)) + (strength - 1) * 3 * (outer(1:r, 1:k, "==") + 0)
  m <- matrix(rmultinom(1, s[3], p), r)
  f <- fisher.test(m, workspace = 3e8)
  data.frame(nrow = r, ncol = k, table = j(m), p = d(f$p.value), chisq = d(suppressWarnings(chisq.test(m))$p.value))
})))), "more_fisher.tsv")

# Rank correlations over the limits of R's rules
w(do.call(rbind, lapply(c(4, 7, 9, 10, 28, 49, 50, 60), function(n) {
  x <- round(rnorm(n), 3); y <- round(rnorm(n) + .3 * x, 3)
  while (anyDuplicated(x) || anyDuplicated(y)) { x <- round(rnorm(n), 3); y <- round(rnorm(n) + .3 * x, 3) }
  p <- cor.test(x, y)
  s <- cor.test(x, y, method = "spearman"); k <- cor.test(x, y, method = "kendall")
  data.frame(n = n, x = j(x), y = j(y), pearson = d(p$estimate), pearson_p = d(p$p.value), lcl = d(p$conf.int[1]),
    ucl = d(p$conf.int[2]), spearman = d(s$estimate), spearman_p = d(s$p.value), kendall = d(k$estimate), kendall_p = d(k$p.value))
})), "more_correlation.tsv")

# Signed rank: none, ties, zeros, both; intervals
cases <- list(none = c(1.1, -.4, 2.3, 3.1, -.7, 1.9, .8), ties = c(1, 1, -2, 3, 3, -1, 4, 5, 2), zeros = c(0, 1.5, -.3, 2.2, 0, 3.7, 1.2, -.9),
  both = c(0, 2, 2, -1, 3, 0, 4, -2, 5, 5, 1), sixty = round(rnorm(60, .3), 4))
w(do.call(rbind, lapply(names(cases), function(n) {
  a <- suppressWarnings(wilcox.test(cases[[n]], conf.int = TRUE))
  data.frame(case = n, changes = j(cases[[n]]), V = d(a$statistic), p = d(a$p.value), exact = grepl("exact", a$method),
    shift = d(a$estimate), lcl = d(a$conf.int[1]), ucl = d(a$conf.int[2]), level = attr(a$conf.int, "conf.level"))
})), "more_signed_rank.tsv")

# Kruskal-Wallis with ties, Welch with interval
g <- rep(c("a", "b", "c"), c(6, 9, 5)); v <- c(3, 3, 1, 4, 2, 5, 6, 5, 5, 7, 8, 2, 4, 6, 9, 1, 2, 2, 3, 7)
k <- kruskal.test(v, factor(g)); t <- t.test(v[g == "a"], v[g == "b"])
w(data.frame(groups = j(g), values = j(v), kruskal = d(k$statistic), kruskal_p = d(k$p.value), t = d(t$statistic),
  df = d(t$parameter), t_p = d(t$p.value), lcl = d(t$conf.int[1]), ucl = d(t$conf.int[2])), "more_groups.tsv")

# Binomial test, all sides; trend with scores
w(do.call(rbind, lapply(list(c(14, 46, .3), c(5, 41, .05), c(0, 12, .2), c(12, 12, .7), c(9, 28, .5)), function(b) {
  f <- function(s) d(binom.test(b[1], b[2], b[3], alternative = s)$p.value)
  data.frame(x = b[1], n = b[2], rate = b[3], two_sided = f("two.sided"), greater = f("greater"), less = f("less"))
})), "more_binomial.tsv")
t <- prop.trend.test(c(2, 5, 9), c(12, 15, 14), c(0, 1, 5))
w(data.frame(x = "2,5,9", n = "12,15,14", score = "0,1,5", chisq = d(t$statistic), p = d(t$p.value)), "more_trend.tsv")

# Box plots of one to ten values, with outliers
w(do.call(rbind, lapply(list(3, c(3, 1), c(5, 1, 2), c(4, 1, 9, 2), c(1, 2, 3, 4, 30), c(-20, 1, 2, 3, 4, 5, 6, 7, 8, 40)), function(x) {
  b <- boxplot.stats(x)
  data.frame(values = j(x), box = j(sapply(b$stats, d)), outliers = j(b$out))
})), "more_boxplot.tsv")
