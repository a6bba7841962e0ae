[ map true ]
