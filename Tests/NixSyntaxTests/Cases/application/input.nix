f a.b (g c) [ d ] { e = 1; } "h" ./i
