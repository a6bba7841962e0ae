toString { outPath = 5; }
