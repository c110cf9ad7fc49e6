"""Write the results: Markdown, a chart, the table of the README."""
