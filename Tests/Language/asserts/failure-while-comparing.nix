assert { a = throw "inside"; } == { a = 1; }; 1
