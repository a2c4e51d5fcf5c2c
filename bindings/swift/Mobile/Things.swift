// What ids are ids of, where the library for phones has an id and nothing else of the thing. The whole package has these
// types already, so this file is no part of it.

public enum Allocation {}
public enum AuditRecord {}
public enum Device {}
public enum Gateway {}
public enum Group {}
public enum Policy {}
public enum PolicyTest {}
public enum Pool {}
public enum Reservation {}
public enum User {}
