throw ./data/file
