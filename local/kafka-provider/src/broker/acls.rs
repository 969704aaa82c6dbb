//! Access control entries of the StandardAuthorizer (KIP-140, prefixes by KIP-290).

use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::{CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest};
use kafka_protocol::protocol::StrBytes;

use super::{BrokerError, Connection};

/// One entry, in the protocol's numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    pub resource_type: i8,
    pub resource_name: String,
    pub pattern_type: i8,
    pub principal: String,
    pub host: String,
    pub operation: i8,
    pub permission: i8,
}

/// In filters: every resource type, pattern, operation or permission.
const ANY: i8 = 1;

const VERSION: i16 = 3;

/// All entries of a principal, such as `User:alice`, sorted.
pub async fn describe_acls(connection: &mut Connection, principal: &str) -> Result<Vec<Binding>, BrokerError> {
    describe(connection, Some(principal)).await
}

/// All entries of the cluster, sorted.
pub async fn all_acls(connection: &mut Connection) -> Result<Vec<Binding>, BrokerError> {
    describe(connection, None).await
}

async fn describe(connection: &mut Connection, principal: Option<&str>) -> Result<Vec<Binding>, BrokerError> {
    let request = DescribeAclsRequest::default()
        .with_resource_type_filter(ANY)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(ANY)
        .with_principal_filter(principal.map(string))
        .with_host_filter(None)
        .with_operation(ANY)
        .with_permission_type(ANY);
    let response = connection.send(&request, VERSION).await?;
    BrokerError::check(response.error_code, response.error_message.as_deref())?;
    let mut found = Vec::new();
    for resource in &response.resources {
        found.extend(resource.acls.iter().map(|acl| Binding {
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.to_string(),
            pattern_type: resource.pattern_type,
            principal: acl.principal.to_string(),
            host: acl.host.to_string(),
            operation: acl.operation,
            permission: acl.permission_type,
        }));
    }
    found.sort();
    Ok(found)
}

/// Creates all entries, or says why the first bad one was refused: the others of the same call are
/// then there all the same.
pub async fn create_acls(connection: &mut Connection, bindings: &[Binding]) -> Result<(), BrokerError> {
    if bindings.is_empty() {
        return Ok(());
    }
    let creations = bindings
        .iter()
        .map(|binding| {
            AclCreation::default()
                .with_resource_type(binding.resource_type)
                .with_resource_name(string(&binding.resource_name))
                .with_resource_pattern_type(binding.pattern_type)
                .with_principal(string(&binding.principal))
                .with_host(string(&binding.host))
                .with_operation(binding.operation)
                .with_permission_type(binding.permission)
        })
        .collect();
    let response = connection.send(&CreateAclsRequest::default().with_creations(creations), VERSION).await?;
    response
        .results
        .iter()
        .try_for_each(|result| BrokerError::check(result.error_code, result.error_message.as_deref()))
}

/// Removes exactly these entries.
pub async fn delete_acls(connection: &mut Connection, bindings: &[Binding]) -> Result<(), BrokerError> {
    if bindings.is_empty() {
        return Ok(());
    }
    let filters = bindings
        .iter()
        .map(|binding| {
            DeleteAclsFilter::default()
                .with_resource_type_filter(binding.resource_type)
                .with_resource_name_filter(Some(string(&binding.resource_name)))
                .with_pattern_type_filter(binding.pattern_type)
                .with_principal_filter(Some(string(&binding.principal)))
                .with_host_filter(Some(string(&binding.host)))
                .with_operation(binding.operation)
                .with_permission_type(binding.permission)
        })
        .collect();
    let response = connection.send(&DeleteAclsRequest::default().with_filters(filters), VERSION).await?;
    response
        .filter_results
        .iter()
        .try_for_each(|result| BrokerError::check(result.error_code, result.error_message.as_deref()))
}

fn string(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
