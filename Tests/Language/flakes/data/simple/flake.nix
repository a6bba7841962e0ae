{
  description = "no inputs";
  outputs = { self }: {
    value = 42;
    here = self.outPath;
    file = builtins.readFile ./data.txt;
    again = self.value + 1;
  };
}
