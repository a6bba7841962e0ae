/// How a job is named in a question. Ids would tell a tenant how many jobs all tenants have, so a tenant knows its jobs
/// by numbers of its own: 1, 2, 3 and so on. They are never reused either.
public enum JobKey: Hashable, Sendable {
    case id(JobID)
    case number(Int64, tenant: String)
}
