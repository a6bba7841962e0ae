import FarmCommands

FarmCommand.followSupervisor()
await FarmCommand.run()
