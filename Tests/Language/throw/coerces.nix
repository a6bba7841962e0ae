throw { outPath = "from outPath"; }
