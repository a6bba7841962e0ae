"plain and $ and $$ and \n \t \\ \" \${x} $${y}"
