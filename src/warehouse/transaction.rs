//! A transaction of ours, which every statement runs in.

use std::fmt;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Connection as _, Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr};

use super::WarehouseError;
use super::gate::Place;
use super::session::Suspicion;

/// A transaction. Dropped, it is rolled back.
pub(super) struct Transaction {
    inner: Option<sqlx::Transaction<'static, Postgres>>,
    /// Behind a pooler the next transaction has another session, which does not know the statements of this one.
    has_names: bool,
    suspicion: Suspicion,
    _place: Option<Place>,
}

impl Transaction {
    /// What has just begun, with what it occupies.
    pub(super) fn of(
        inner: sqlx::Transaction<'static, Postgres>,
        has_names: bool,
        suspicion: Suspicion,
        place: Option<Place>,
    ) -> Self {
        Self {
            inner: Some(inner),
            has_names,
            suspicion,
            _place: place,
        }
    }

    /// Commits. The disk may have it a moment later.
    pub(super) async fn commit(mut self) -> Result<(), WarehouseError> {
        let committed = match self.inner.take() {
            Some(mut inner) => {
                // A batch leaves room for megabytes in the buffers of its connection, and every connection has batches.
                inner.shrink_buffers();
                inner.commit().await
            }
            None => Ok(()),
        };
        committed.map_err(|error| {
            self.suspicion.raise_suspicion();
            error.into()
        })
    }

    /// Commits, and waits until the disk has this and everything that was committed before.
    pub(super) async fn commit_durably(mut self) -> Result<(), WarehouseError> {
        self.execute(sqlx::raw_sql("set local synchronous_commit = on"))
            .await?;
        self.commit().await
    }

    /// Gives it up on purpose. The server has answered, so that nothing is wrong with the connection.
    pub(super) fn abandon(mut self) {
        drop(self.inner.take());
    }

    /// The connection, for statements that are neither named nor prepared.
    pub(super) fn connection_mut(&mut self) -> &mut PgConnection {
        self.inner
            .as_mut()
            .expect("it is there until the commit, which takes all of it")
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // Whatever went wrong may have been the connection's fault.
        if self.inner.is_some() {
            self.suspicion.raise_suspicion();
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl<'c> Executor<'c> for &'c mut Transaction {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let has_name = self.has_names;
        self.connection_mut().fetch_many(Named { query, has_name })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let has_name = self.has_names;
        self.connection_mut().fetch_optional(Named { query, has_name })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection_mut().prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        self.connection_mut().describe(sql)
    }
}

/// A query with the word on whether the server keeps its statement under a name.
struct Named<E> {
    query: E,
    has_name: bool,
}

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Named<E> {
    fn sql(self) -> SqlStr {
        self.query.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.has_name && self.query.persistent()
    }
}
