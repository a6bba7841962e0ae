[ (/a < /b) (/a/b < /a/c) (/a < /a/b) (/b > /a) (/a/b < /a-b) ]
