{ a = outer; }
