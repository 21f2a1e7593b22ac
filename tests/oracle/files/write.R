# Writes the same array and labels as R writes them; from the root: Rscript tests/oracle/files/write.R
files <- "tests/data/files/"
t <- as.matrix(read.csv("tests/data/formats/t_names.csv"))
y <- read.csv("tests/data/formats/y_words.csv")$species
file <- function(name) paste0(files, name)
write.csv(t, file("t_r.csv"), row.names = FALSE)
write.csv2(t, file("no_r_decimal_comma.csv"), row.names = FALSE)
write.table(t, file("t_r.txt"), row.names = FALSE)
write.table(t, file("t_r_bare.txt"), row.names = FALSE, col.names = FALSE)
packed <- gzfile(file("t_r.csv.gz"), "w"); write.csv(t, packed, row.names = FALSE); close(packed)
write.csv(data.frame(species = factor(y)), file("y_r.csv"), row.names = FALSE)
writeLines(as.character(as.integer(factor(y)) - 1L), file("y_r.txt"))
write.csv(t, file("no_r_row_names.csv"))
write.table(t, file("no_r_row_names.txt"))
saveRDS(t, file("no_r.rds"))
saveRDS(t, file("no_r_plain.rds"), compress = FALSE)
save(t, file = file("no_r.RData"))
save(t, file = file("no_r_renamed.csv.gz"))
