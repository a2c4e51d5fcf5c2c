//! What the three databases say of the schema, in their own words, is the same.

#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

use std::collections::BTreeSet;

use nexa_core::Nexa;

use crate::support::{Backend, Database, Place, on};

/// Three questions whose answers are lines of text.
struct Questions {
    columns: &'static str,
    uniques: &'static str,
    references: &'static str,
}

const SQLITE: Questions = Questions {
    columns: "SELECT s.name || '.' || p.name || CASE p.\"notnull\" WHEN 1 THEN ' NOT NULL' ELSE '' END \
              FROM sqlite_schema s JOIN pragma_table_info(s.name) p WHERE s.type = 'table'",
    // The key of a table of numbers is the row's own number, of which there is no index.
    uniques: "SELECT s.name || '(' || (SELECT group_concat(name, ',') FROM \
                (SELECT name FROM pragma_index_info(i.name) ORDER BY name)) || ')' \
              FROM sqlite_schema s JOIN pragma_index_list(s.name) i WHERE s.type = 'table' AND i.\"unique\" = 1 \
              UNION SELECT s.name || '(' || (SELECT group_concat(name, ',') FROM \
                (SELECT name FROM pragma_table_info(s.name) WHERE pk > 0 ORDER BY name)) || ')' \
              FROM sqlite_schema s WHERE s.type = 'table'",
    references: "SELECT s.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" || ' ' || f.on_delete \
                 FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f WHERE s.type = 'table'",
};

const POSTGRES: Questions = Questions {
    columns: "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END \
              FROM information_schema.columns WHERE table_schema = current_schema()",
    uniques: "SELECT c.relname || '(' || (SELECT string_agg(a.attname::TEXT, ',' ORDER BY a.attname::TEXT COLLATE \"C\") \
                FROM unnest(i.indkey::SMALLINT[]) AS k (number) \
                JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) || ')' \
              FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
              WHERE n.nspname = current_schema() AND i.indisunique",
    references: "SELECT c.relname || '.' || a.attname || ' -> ' || o.relname || '.' || b.attname || ' ' || \
                   CASE f.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'n' THEN 'SET NULL' \
                   ELSE 'NO ACTION' END \
                 FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class o ON o.oid = f.confrelid \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1] \
                 JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1] \
                 WHERE f.contype = 'f' AND n.nspname = current_schema()",
};

const MARIADB: Questions = Questions {
    columns: "SELECT CONCAT(table_name, '.', column_name, IF(is_nullable = 'NO', ' NOT NULL', '')) \
              FROM information_schema.columns WHERE table_schema = DATABASE()",
    uniques: "SELECT CONCAT(table_name, '(', GROUP_CONCAT(column_name ORDER BY column_name), ')') \
              FROM information_schema.statistics WHERE table_schema = DATABASE() AND non_unique = 0 \
              GROUP BY table_name, index_name",
    references: "SELECT CONCAT(k.table_name, '.', k.column_name, ' -> ', k.referenced_table_name, '.', \
                   k.referenced_column_name, ' ', r.delete_rule) \
                 FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r \
                 ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name \
                 AND r.table_name = k.table_name \
                 WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL",
};

/// What a database says, by question.
async fn said(backend: Backend, questions: Questions) -> [BTreeSet<String>; 3] {
    let asking = Box::pin(async {
        let place = Place::new().await;
        Nexa::open(place.url()).await.unwrap().close().await;
        let database = Database::open(&place).await;
        let mut answers = Vec::new();
        for question in [questions.columns, questions.uniques, questions.references] {
            let lines = database.column(question).await.into_iter();
            // The lease is MariaDB's alone.
            answers.push(lines.filter(|line| !line.starts_with("nexa_migration_lease")).collect());
        }
        answers.try_into().unwrap()
    });
    on(backend, asking).await
}

#[tokio::test]
async fn tables_columns_nullability_uniqueness_and_references_agree() {
    let [columns, uniques, references] = said(Backend::Sqlite, SQLITE).await;
    assert!(columns.len() > 250 && uniques.len() > 60 && references.len() > 30);
    for (backend, questions) in [(Backend::Postgres, POSTGRES), (Backend::Mysql, MARIADB)] {
        let [its_columns, its_uniques, its_references] = said(backend, questions).await;
        for (what, ours, its) in [
            ("columns", &columns, its_columns),
            ("uniques", &uniques, its_uniques),
            ("references", &references, its_references),
        ] {
            let missing: Vec<_> = ours.difference(&its).collect();
            let more: Vec<_> = its.difference(ours).collect();
            assert!(
                missing.is_empty() && more.is_empty(),
                "{backend:?}, {what}: without {missing:?}, with {more:?}"
            );
        }
    }
}
