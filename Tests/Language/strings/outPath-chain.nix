"${{ outPath = { outPath = "end"; }; }}"
