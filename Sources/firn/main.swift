import FirnCommands

FirnCommand.run()
