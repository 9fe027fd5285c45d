/**
 * The parse nodes that Sluice knows, by what they are, and which server major first has them where that is later than 15
 * (the parser speaks a newer grammar than an older server: 18 reads `json_value(…)` as syntax where 15 calls a function of
 * that name). Only nodes that the grammar itself produces are here; nodes of analysed queries (Var, OpExpr, Query, …) never
 * come from a client's text.
 */

/** What statements are made of. */
export const STRUCTURE_TAGS: ReadonlySet<string> = new Set([
  // values
  ...['Integer', 'Float', 'Boolean', 'String', 'BitString', 'List', 'A_Const', 'ParamRef'],
  // names and references
  ...[
    'Alias',
    'RangeVar',
    'ColumnRef',
    'A_Star',
    'A_Indices',
    'A_Indirection',
    'TypeName',
    'RoleSpec',
    'ObjectWithArgs',
    'DefElem',
  ],
  // expressions
  ...[
    'A_Expr',
    'BoolExpr',
    'NullTest',
    'BooleanTest',
    'TypeCast',
    'CollateClause',
    'FuncCall',
    'NamedArgExpr',
    'WindowDef',
    'SortBy',
  ],
  ...['CaseExpr', 'CaseWhen', 'CoalesceExpr', 'MinMaxExpr', 'RowExpr', 'A_ArrayExpr', 'SubLink', 'GroupingFunc', 'GroupingSet'],
  ...[
    'SQLValueFunction',
    'XmlExpr',
    'XmlSerialize',
    'SetToDefault',
    'MultiAssignRef',
    'CurrentOfExpr',
    'MergeSupportFunc',
    'ResTarget',
  ],
  // SQL/JSON
  ...[
    'JsonFormat',
    'JsonReturning',
    'JsonValueExpr',
    'JsonIsPredicate',
    'JsonBehavior',
    'JsonOutput',
    'JsonArgument',
    'JsonFuncExpr',
  ],
  ...['JsonKeyValue', 'JsonParseExpr', 'JsonScalarExpr', 'JsonSerializeExpr', 'JsonObjectConstructor', 'JsonArrayConstructor'],
  ...[
    'JsonArrayQueryConstructor',
    'JsonAggConstructor',
    'JsonObjectAgg',
    'JsonArrayAgg',
    'JsonTable',
    'JsonTableColumn',
    'JsonTablePathSpec',
  ],
  // FROM, WITH, clauses of queries and DML
  ...['JoinExpr', 'RangeSubselect', 'RangeFunction', 'RangeTableFunc', 'RangeTableFuncCol', 'RangeTableSample', 'LockingClause'],
  ...[
    'WithClause',
    'CommonTableExpr',
    'CTESearchClause',
    'CTECycleClause',
    'IntoClause',
    'InferClause',
    'OnConflictClause',
    'IndexElem',
  ],
  ...['MergeWhenClause', 'ReturningClause', 'ReturningOption'],
  // parts of utility statements; what may be done with them is decided statement by statement
  ...[
    'ColumnDef',
    'Constraint',
    'TableLikeClause',
    'PartitionElem',
    'PartitionSpec',
    'PartitionBoundSpec',
    'PartitionRangeDatum',
  ],
  ...[
    'PartitionCmd',
    'AlterTableCmd',
    'ATAlterConstraint',
    'ReplicaIdentityStmt',
    'StatsElem',
    'FunctionParameter',
    'AccessPriv',
  ],
  ...['VacuumRelation', 'TriggerTransition', 'CreateOpClassItem', 'PublicationTable', 'PublicationObjSpec'],
]);

/** Statements that have a case somewhere; most utility statements have one only to be denied with a better hint. */
export const STATEMENT_TAGS: ReadonlySet<string> = new Set([
  ...['RawStmt', 'SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt', 'ExplainStmt'],
  ...[
    'TransactionStmt',
    'VariableSetStmt',
    'VariableShowStmt',
    'DiscardStmt',
    'ConstraintsSetStmt',
    'CheckPointStmt',
    'LoadStmt',
  ],
  ...['PrepareStmt', 'ExecuteStmt', 'DeallocateStmt', 'DeclareCursorStmt', 'ClosePortalStmt', 'FetchStmt'],
  ...['ListenStmt', 'UnlistenStmt', 'NotifyStmt', 'LockStmt', 'TruncateStmt', 'CallStmt', 'DoStmt'],
  ...[
    'CreateStmt',
    'CreateTableAsStmt',
    'ViewStmt',
    'IndexStmt',
    'CreateSeqStmt',
    'AlterSeqStmt',
    'CreateSchemaStmt',
    'CreateEnumStmt',
  ],
  ...[
    'CreateDomainStmt',
    'CompositeTypeStmt',
    'CreateRangeStmt',
    'CreateStatsStmt',
    'CreateFunctionStmt',
    'CreateTrigStmt',
    'RuleStmt',
  ],
  ...['AlterTableStmt', 'AlterDomainStmt', 'AlterEnumStmt', 'AlterTypeStmt', 'AlterFunctionStmt', 'AlterObjectSchemaStmt'],
  ...[
    'AlterObjectDependsStmt',
    'AlterOwnerStmt',
    'AlterStatsStmt',
    'RenameStmt',
    'DropStmt',
    'RefreshMatViewStmt',
    'CommentStmt',
  ],
  ...['ReindexStmt', 'ClusterStmt', 'VacuumStmt', 'GrantStmt', 'GrantRoleStmt', 'AlterDefaultPrivilegesStmt', 'SecLabelStmt'],
  ...[
    'CreateRoleStmt',
    'AlterRoleStmt',
    'AlterRoleSetStmt',
    'DropRoleStmt',
    'DropOwnedStmt',
    'ReassignOwnedStmt',
    'AlterSystemStmt',
  ],
  ...['CreatedbStmt', 'AlterDatabaseStmt', 'AlterDatabaseSetStmt', 'DropdbStmt', 'CreateExtensionStmt', 'AlterExtensionStmt'],
  ...['AlterExtensionContentsStmt', 'CreatePolicyStmt', 'AlterPolicyStmt', 'CreatePublicationStmt', 'AlterPublicationStmt'],
  ...[
    'CreateSubscriptionStmt',
    'AlterSubscriptionStmt',
    'DropSubscriptionStmt',
    'CreateForeignTableStmt',
    'ImportForeignSchemaStmt',
  ],
  ...[
    'CreateForeignServerStmt',
    'AlterForeignServerStmt',
    'CreateUserMappingStmt',
    'AlterUserMappingStmt',
    'DropUserMappingStmt',
  ],
  ...[
    'CreateFdwStmt',
    'AlterFdwStmt',
    'DefineStmt',
    'CreateCastStmt',
    'CreateTableSpaceStmt',
    'DropTableSpaceStmt',
    'CreateEventTrigStmt',
  ],
]);

/** First server major that has the node, where it is later than 15. */
export const MAJOR_OF_TAG: ReadonlyMap<string, number> = new Map([
  ...['JsonIsPredicate', 'JsonObjectConstructor', 'JsonArrayConstructor', 'JsonArrayQueryConstructor', 'JsonAggConstructor'].map(
    at(16),
  ),
  ...['JsonObjectAgg', 'JsonArrayAgg', 'JsonKeyValue', 'JsonValueExpr', 'JsonOutput'].map(at(16)),
  ...['JsonFuncExpr', 'JsonParseExpr', 'JsonScalarExpr', 'JsonSerializeExpr', 'JsonTable', 'JsonTableColumn', 'JsonArgument'].map(
    at(17),
  ),
  ...['JsonTablePathSpec', 'JsonBehavior', 'MergeSupportFunc'].map(at(17)),
  ...['ReturningOption'].map(at(18)),
]);

/** Unwrapped fields that only a newer grammar fills. */
export const MAJOR_OF_FIELD: ReadonlyMap<string, number> = new Map([
  ['indent', 16],
  ['without_overlaps', 18],
  ['pk_with_period', 18],
  ['fk_with_period', 18],
]);

function at(major: number): (tag: string) => [string, number] {
  return (tag) => [tag, major];
}
