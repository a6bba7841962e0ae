[ http://example.org/a?b=c&d=e%20f x:y mailto:someone@example.org a+b.c-d:~_!$*' ]
