package lake

// DataPath is where a data file of a table lies in the lake. The stem must be
// new: it carries the name of the attempt that writes the file.
func DataPath(table, stem string) string { return table + "/data/" + stem + ".parquet" }
