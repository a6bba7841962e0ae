let { inherit 1; }
