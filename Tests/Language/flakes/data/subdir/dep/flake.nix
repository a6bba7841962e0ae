{ outputs = { self }: { name = "sub"; }; }
