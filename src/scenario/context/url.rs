//! Addresses of brokers.

use super::super::node::Field;
use super::super::problem::Problem;
use super::Context;

impl Context<'_> {
    /// A broker's address. Scenarios are shared, credentials are not.
    pub(in super::super) fn broker_url(&mut self, field: Field<'_>) -> Option<String> {
        let url = self.text(field)?;
        let Some((_, rest)) = url.split_once("://") else {
            let told = Problem::error(field.node.at, "`url` has no scheme");
            self.tell(told.label("write it such as \"amqp://broker.example:5672/vhost\""));
            return None;
        };
        // A name or a path may have an @, too; what is before the last one may be a password.
        if rest.contains('@') {
            let told =
                Problem::error(field.node.at, "`url` has a user or a password").label("not in a scenario");
            self.tell(told.help(
                "leave what is before the @ out, and set QUEUELAB_<TARGET>_URL to the whole URL, or \
                 QUEUELAB_CREDENTIALS to a file of mode 0600 with lines such as rabbitmq.user = \"…\" and \
                 rabbitmq.password = \"…\"",
            ));
            return None;
        }
        Some(url.into())
    }
}
