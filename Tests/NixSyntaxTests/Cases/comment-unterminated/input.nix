1 + /* never ends
