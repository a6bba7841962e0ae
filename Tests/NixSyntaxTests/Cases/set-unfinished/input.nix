{ a = x;
