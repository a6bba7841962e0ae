import GRDB

extension JobKey {
    /// The SQL condition that selects the job's row.
    var condition: String {
        switch self {
        case .id: "job.id = ?"
        case .number: "job.tenant = (SELECT number FROM tenant WHERE name = ?) AND job.number = ?"
        }
    }

    var arguments: StatementArguments {
        switch self {
        case .id(let id): [id.rawValue]
        case .number(let number, let tenant): [tenant, number]
        }
    }
}
