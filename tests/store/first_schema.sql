-- The first released schema (0001) with a few rows in every table, as SQLite dumped them. Frozen.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE audit (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at BIGINT NOT NULL, 
	who VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	forum VARCHAR, 
	flag_id BIGINT, 
	reply_id BIGINT, 
	details JSON NOT NULL
);
INSERT INTO "audit" VALUES(1,1772370000000000,'modbot','flag.opened','city',1,2,'{"reason":"spam","label":"spam","score":0.9,"decision":"hide","would_be":"hide","replaces":null}');
INSERT INTO "audit" VALUES(2,1772370000000000,'modbot','action.queued','city',1,2,'{"action":1,"kind":"hide","unasked":true}');
INSERT INTO "audit" VALUES(3,1772370000000000,'modbot','action.done','city',1,2,'{"action":1,"kind":"hide","visibility":"hidden"}');
INSERT INTO "audit" VALUES(4,1772370000000000,'modbot','flag.opened','city',2,3,'{"reason":"repeated","label":"ham","score":0.7,"decision":"queue","would_be":"hide","replaces":null}');
INSERT INTO "audit" VALUES(5,1772370000000000,'modbot','flag.opened','city',3,4,'{"reason":"spam","label":"spam","score":0.9,"decision":"hide","would_be":"hide","replaces":null}');
INSERT INTO "audit" VALUES(6,1772370060000000,'ann','action.queued','city',3,4,'{"action":2,"kind":"hide","unasked":false}');
INSERT INTO "audit" VALUES(7,1772370060000000,'ann','verdict.uphold','city',3,4,'{"source":"terminal","taught":"spam","action":2,"from":"pending"}');
INSERT INTO "audit" VALUES(8,1772370060000000,'modbot','action.done','city',3,4,'{"action":2,"kind":"hide","visibility":"hidden"}');
INSERT INTO "audit" VALUES(9,1772370060000000,'modbot','flag.opened','city',4,5,'{"reason":"spam","label":"spam","score":0.9,"decision":"hide","would_be":"hide","replaces":null}');
INSERT INTO "audit" VALUES(10,1772370060000000,'modbot','action.queued','city',4,5,'{"action":3,"kind":"hide","unasked":true}');
INSERT INTO "audit" VALUES(11,1772370060000000,'modbot','action.done','city',4,5,'{"action":3,"kind":"hide","visibility":"hidden"}');
INSERT INTO "audit" VALUES(12,1772370120000000,'ann','action.queued','city',4,5,'{"action":4,"kind":"restore","unasked":false}');
INSERT INTO "audit" VALUES(13,1772370120000000,'ann','verdict.dismiss','city',4,5,'{"source":"terminal","taught":"ham","action":4,"from":"hidden"}');
INSERT INTO "audit" VALUES(14,1772370120000000,'modbot','action.done','city',4,5,'{"action":4,"kind":"restore","visibility":"visible"}');
INSERT INTO "audit" VALUES(15,1772370120000000,'modbot','flag.opened','city',5,6,'{"reason":"spam","label":"spam","score":0.9,"decision":"queue","would_be":"hide","replaces":null}');
INSERT INTO "audit" VALUES(16,1772370120000000,'ann','verdict.dismiss','city',5,6,'{"source":"terminal","taught":"ham","action":null,"from":"pending"}');
INSERT INTO "audit" VALUES(17,1772370120000000,'ben','verdict.undone','city',5,6,'{"verdict":"dismiss","action":null,"cancelled":[],"labels":1}');
INSERT INTO "audit" VALUES(18,1772370120000000,'modbot','flag.opened','city',6,7,'{"reason":"spam","label":"spam","score":0.9,"decision":"hide","would_be":"hide","replaces":null}');
INSERT INTO "audit" VALUES(19,1772370120000000,'modbot','action.queued','city',6,7,'{"action":5,"kind":"hide","unasked":true}');
INSERT INTO "audit" VALUES(20,1772370121000000,'modbot','brake.pulled','city',NULL,NULL,'{"why":"distinct_texts"}');
CREATE TABLE boards (
	forum VARCHAR NOT NULL, 
	board_id BIGINT NOT NULL, 
	name TEXT NOT NULL, 
	posts BIGINT, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT pk_boards PRIMARY KEY (forum, board_id)
);
INSERT INTO "boards" VALUES('city',2,'吃在本城',1234,1772370121000000);
INSERT INTO "boards" VALUES('city',3,'闲话',NULL,1772370121000000);
CREATE TABLE brakes (
	forum VARCHAR NOT NULL, 
	pulled BOOLEAN NOT NULL, 
	since BIGINT NOT NULL, 
	why VARCHAR NOT NULL, 
	details JSON NOT NULL, 
	who VARCHAR NOT NULL, 
	CONSTRAINT pk_brakes PRIMARY KEY (forum)
);
INSERT INTO "brakes" VALUES('city',1,1772370121000000,'distinct_texts','{}','modbot');
CREATE TABLE campaigns (
	forum VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	canonical TEXT NOT NULL, 
	first_seen BIGINT NOT NULL, 
	last_seen BIGINT NOT NULL, 
	CONSTRAINT pk_campaigns PRIMARY KEY (forum, id)
);
INSERT INTO "campaigns" VALUES('city','c0123456789abcdef','同一句话',1772193600000000,1772366400000000);
CREATE TABLE cursors (
	forum VARCHAR NOT NULL, 
	cursor TEXT NOT NULL, 
	saved_at BIGINT NOT NULL, 
	CONSTRAINT pk_cursors PRIMARY KEY (forum)
);
INSERT INTO "cursors" VALUES('city','{"last":9}',1772370121000000);
CREATE TABLE decisions (
	id INTEGER NOT NULL, 
	reply_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	forum VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	would_be VARCHAR NOT NULL, 
	reason VARCHAR, 
	label VARCHAR NOT NULL, 
	score FLOAT NOT NULL, 
	threshold FLOAT, 
	held_by JSON NOT NULL, 
	ham FLOAT NOT NULL, 
	low_effort FLOAT NOT NULL, 
	spam FLOAT NOT NULL, 
	signals JSON NOT NULL, 
	repetition JSON, 
	campaign VARCHAR, 
	canonical TEXT NOT NULL, 
	established BOOLEAN NOT NULL, 
	model VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	decided_at BIGINT NOT NULL, 
	CONSTRAINT pk_decisions PRIMARY KEY (id), 
	CONSTRAINT fk_decisions_reply_id_replies FOREIGN KEY(reply_id) REFERENCES replies (id) ON DELETE CASCADE, 
	CONSTRAINT fk_decisions_revision_id_revisions FOREIGN KEY(revision_id) REFERENCES revisions (id) ON DELETE CASCADE
);
INSERT INTO "decisions" VALUES(1,1,1,'city','allow','allow',NULL,'ham',0.1,0.8,'[]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]',NULL,NULL,'东门的豆花铺搬到桥头了',0,'m1','p1',1772366400000000);
INSERT INTO "decisions" VALUES(2,1,2,'city','allow','allow',NULL,'ham',0.1,0.8,'[]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]',NULL,NULL,'东门的豆花铺搬到桥头了周一休息',0,'m1','p1',1772370000000000);
INSERT INTO "decisions" VALUES(3,2,3,'city','hide','hide','spam','spam',0.9,0.8,'["standing"]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]',NULL,NULL,'同一句话',0,'m1','p1',1772370000000000);
INSERT INTO "decisions" VALUES(4,3,4,'city','queue','hide','repeated','ham',0.7,0.8,'["standing"]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]','{"campaign":"c0123456789abcdef","size":3,"authors":3,"newcomers":3,"threads":2,"similarity":0.97,"canonical_length":12,"is_first_author":false,"author_posts":1,"author_threads":1,"author_texts":1,"slip":false,"first_post":["city",1],"first_seen":"2026-02-27T12:00:00+00:00","last_seen":"2026-03-01T12:00:00+00:00","nearest":null}','c0123456789abcdef','同一句话',0,'m1','p1',1772370000000000);
INSERT INTO "decisions" VALUES(5,4,5,'city','hide','hide','spam','spam',0.9,0.8,'["standing"]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]',NULL,NULL,'同一句话',0,'m1','p1',1772370000000000);
INSERT INTO "decisions" VALUES(6,5,6,'city','hide','hide','spam','spam',0.9,0.8,'["standing"]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]',NULL,NULL,'同一句话',0,'m1','p1',1772370060000000);
INSERT INTO "decisions" VALUES(7,6,7,'city','queue','hide','spam','spam',0.9,0.8,'["standing"]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]',NULL,NULL,'同一句话',0,'m1','p1',1772370120000000);
INSERT INTO "decisions" VALUES(8,7,8,'city','hide','hide','spam','spam',0.9,0.8,'["standing"]',0.05,0.05,0.9,'[["contact",0.7,{"kinds":["wechat"],"count":1,"near":null}]]',NULL,NULL,'同一句话',0,'m1','p1',1772370120000000);
CREATE TABLE flags (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	forum VARCHAR NOT NULL, 
	reply_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	decision_id INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	action_state VARCHAR NOT NULL, 
	would_hide BOOLEAN NOT NULL, 
	reason VARCHAR NOT NULL, 
	label VARCHAR NOT NULL, 
	score FLOAT NOT NULL, 
	campaign VARCHAR, 
	superseded_by INTEGER, 
	shown_at BIGINT, 
	opened_at BIGINT NOT NULL, 
	hidden_at BIGINT, 
	restored_at BIGINT, 
	closed_at BIGINT, 
	version INTEGER NOT NULL, 
	CONSTRAINT fk_flags_decision_id_decisions FOREIGN KEY(decision_id) REFERENCES decisions (id), 
	CONSTRAINT fk_flags_reply_id_replies FOREIGN KEY(reply_id) REFERENCES replies (id), 
	CONSTRAINT fk_flags_revision_id_revisions FOREIGN KEY(revision_id) REFERENCES revisions (id), 
	CONSTRAINT fk_flags_superseded_by_flags FOREIGN KEY(superseded_by) REFERENCES flags (id)
);
INSERT INTO "flags" VALUES(1,'city',2,3,3,'hidden','done',1,'spam','spam',0.9,NULL,NULL,1772370000000000,1772370000000000,1772370000000000,NULL,NULL,5);
INSERT INTO "flags" VALUES(2,'city',3,4,4,'pending','none',1,'repeated','ham',0.7,'c0123456789abcdef',NULL,1772370000000000,1772370000000000,NULL,NULL,NULL,1);
INSERT INTO "flags" VALUES(3,'city',4,5,5,'upheld','done',1,'spam','spam',0.9,NULL,NULL,1772370000000000,1772370000000000,NULL,NULL,1772370060000000,5);
INSERT INTO "flags" VALUES(4,'city',5,6,6,'overturned','done',1,'spam','spam',0.9,NULL,NULL,1772370060000000,1772370060000000,1772370060000000,1772370120000000,1772370120000000,9);
INSERT INTO "flags" VALUES(5,'city',6,7,7,'pending','none',1,'spam','spam',0.9,NULL,NULL,1772370120000000,1772370120000000,NULL,NULL,NULL,3);
INSERT INTO "flags" VALUES(6,'city',7,8,8,'pending','pending',1,'spam','spam',0.9,NULL,NULL,1772370120000000,1772370120000000,NULL,NULL,NULL,2);
CREATE TABLE labels (
	id INTEGER NOT NULL, 
	forum VARCHAR, 
	reply_id INTEGER, 
	revision_id INTEGER, 
	flag_id INTEGER, 
	verdict_id INTEGER, 
	digest VARCHAR NOT NULL, 
	label VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	context JSON NOT NULL, 
	source VARCHAR NOT NULL, 
	who VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	given_at BIGINT NOT NULL, 
	forgotten_at BIGINT, 
	CONSTRAINT pk_labels PRIMARY KEY (id), 
	CONSTRAINT fk_labels_flag_id_flags FOREIGN KEY(flag_id) REFERENCES flags (id) ON DELETE SET NULL, 
	CONSTRAINT fk_labels_reply_id_replies FOREIGN KEY(reply_id) REFERENCES replies (id) ON DELETE SET NULL, 
	CONSTRAINT fk_labels_revision_id_revisions FOREIGN KEY(revision_id) REFERENCES revisions (id) ON DELETE SET NULL, 
	CONSTRAINT fk_labels_verdict_id_verdicts FOREIGN KEY(verdict_id) REFERENCES verdicts (id) ON DELETE SET NULL
);
INSERT INTO "labels" VALUES(1,'city',4,5,3,1,'a0108b5d89af35e0fa841c0395ec2977','spam','代写作业价格好商量','{"title":"周末去哪里吃","opening":"城里哪家豆花好吃？","author":"104","posted_at":"2026-03-01T11:00:00+00:00","board":"2","thread":7,"thread_kind":"normal","floor":5,"images":0,"is_thread_author":false}','terminal','ann','m1','p1',1772370060000000,NULL);
INSERT INTO "labels" VALUES(2,'city',5,6,4,2,'2ec69bb8a3275852cbc78e731c9120c6','ham','我家阳台种的薄荷活了','{"title":"周末去哪里吃","opening":"城里哪家豆花好吃？","author":"105","posted_at":"2026-03-01T11:00:00+00:00","board":"2","thread":7,"thread_kind":"normal","floor":6,"images":0,"is_thread_author":false}','terminal','ann','m1','p1',1772370120000000,NULL);
INSERT INTO "labels" VALUES(3,'city',6,7,5,3,'27d30f57f55b5b0ed63377ce7d1c61e4','ham','今晚河边放烟花','{"title":"周末去哪里吃","opening":"城里哪家豆花好吃？","author":"106","posted_at":"2026-03-01T11:00:00+00:00","board":"2","thread":7,"thread_kind":"normal","floor":7,"images":0,"is_thread_author":false}','terminal','ann','m1','p1',1772370120000000,1772370120000000);
INSERT INTO "labels" VALUES(4,NULL,NULL,NULL,NULL,NULL,'8902d6a75889cb9524920b764078ff4b','spam','出租单间，拎包入住','{"title":"房子"}','file','ann','','',1772370121000000,NULL);
CREATE TABLE openings (
	forum VARCHAR NOT NULL, 
	thread_id BIGINT NOT NULL, 
	text TEXT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT pk_openings PRIMARY KEY (forum, thread_id)
);
INSERT INTO "openings" VALUES('city',7,'城里哪家豆花好吃？',1772366400000000);
CREATE TABLE outbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	forum VARCHAR NOT NULL, 
	reply_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	flag_id INTEGER, 
	undoes INTEGER, 
	kind VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	notify BOOLEAN NOT NULL, 
	unasked BOOLEAN NOT NULL, 
	priority INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	uncertain BOOLEAN NOT NULL, 
	attempts INTEGER NOT NULL, 
	not_before BIGINT NOT NULL, 
	owner VARCHAR, 
	lease_until BIGINT, 
	detail TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	settled_at BIGINT, 
	CONSTRAINT fk_outbox_flag_id_flags FOREIGN KEY(flag_id) REFERENCES flags (id), 
	CONSTRAINT fk_outbox_reply_id_replies FOREIGN KEY(reply_id) REFERENCES replies (id), 
	CONSTRAINT fk_outbox_revision_id_revisions FOREIGN KEY(revision_id) REFERENCES revisions (id), 
	CONSTRAINT fk_outbox_undoes_outbox FOREIGN KEY(undoes) REFERENCES outbox (id)
);
INSERT INTO "outbox" VALUES(1,'city',2,3,1,NULL,'hide','疑似含广告',0,1,1,'done',0,1,1772370000000000,NULL,NULL,'',1772370000000000,1772370000000000);
INSERT INTO "outbox" VALUES(2,'city',4,5,3,NULL,'hide','',0,0,1,'done',0,1,1772370060000000,NULL,NULL,'',1772370060000000,1772370060000000);
INSERT INTO "outbox" VALUES(3,'city',5,6,4,NULL,'hide','疑似含广告',0,1,1,'done',0,1,1772370060000000,NULL,NULL,'',1772370060000000,1772370060000000);
INSERT INTO "outbox" VALUES(4,'city',5,6,4,3,'restore','',0,0,0,'done',0,1,1772370120000000,NULL,NULL,'',1772370120000000,1772370120000000);
INSERT INTO "outbox" VALUES(5,'city',7,8,6,NULL,'hide','疑似含广告',0,1,1,'claimed',0,1,1772370120000000,'worker',1772370301000000,'',1772370120000000,NULL);
CREATE TABLE replies (
	id INTEGER NOT NULL, 
	forum VARCHAR NOT NULL, 
	post_id BIGINT NOT NULL, 
	revision_id BIGINT, 
	decision_id BIGINT, 
	parked TEXT, 
	our_hide BIGINT, 
	kept_revision_id BIGINT, 
	campaign VARCHAR, 
	thread_id BIGINT, 
	thread_title TEXT NOT NULL, 
	thread_kind VARCHAR NOT NULL, 
	board_id BIGINT, 
	author_id BIGINT, 
	author_name TEXT NOT NULL, 
	author_group INTEGER, 
	author_posts BIGINT, 
	author_credits BIGINT, 
	author_registered BIGINT, 
	is_thread_author BOOLEAN NOT NULL, 
	posted_at BIGINT, 
	floor INTEGER, 
	region TEXT NOT NULL, 
	client TEXT NOT NULL, 
	links JSON NOT NULL, 
	images INTEGER NOT NULL, 
	pending BOOLEAN NOT NULL, 
	hidden BOOLEAN NOT NULL, 
	first_seen BIGINT NOT NULL, 
	last_seen BIGINT NOT NULL, 
	visibility VARCHAR NOT NULL, 
	visibility_at BIGINT NOT NULL, 
	CONSTRAINT pk_replies PRIMARY KEY (id), 
	CONSTRAINT uq_replies_forum_post_id UNIQUE (forum, post_id)
);
INSERT INTO "replies" VALUES(1,'city',1,2,2,NULL,NULL,NULL,'c0123456789abcdef',7,'周末去哪里吃','normal',2,101,'member1',NULL,NULL,NULL,NULL,0,1772362800000000,2,'','','[]',0,0,0,1772366400000000,1772370000000000,'visible',1772370000000000);
INSERT INTO "replies" VALUES(2,'city',2,3,3,NULL,1,NULL,NULL,7,'周末去哪里吃','normal',2,102,'member2',NULL,NULL,NULL,NULL,0,1772362800000000,3,'','','[]',0,0,0,1772370000000000,1772370000000000,'hidden',1772370000000000);
INSERT INTO "replies" VALUES(3,'city',3,4,4,NULL,NULL,NULL,'c0123456789abcdef',7,'周末去哪里吃','normal',2,103,'member3',NULL,NULL,NULL,NULL,0,1772362800000000,4,'','','[]',0,0,0,1772370000000000,1772370000000000,'visible',1772370000000000);
INSERT INTO "replies" VALUES(4,'city',4,5,5,NULL,2,NULL,NULL,7,'周末去哪里吃','normal',2,104,'member4',NULL,NULL,NULL,NULL,0,1772362800000000,5,'','','[]',0,0,0,1772370000000000,1772370000000000,'hidden',1772370060000000);
INSERT INTO "replies" VALUES(5,'city',5,6,6,NULL,NULL,6,NULL,7,'周末去哪里吃','normal',2,105,'member5',NULL,NULL,NULL,NULL,0,1772362800000000,6,'','','[]',0,0,0,1772370060000000,1772370060000000,'visible',1772370120000000);
INSERT INTO "replies" VALUES(6,'city',6,7,7,NULL,NULL,7,NULL,7,'周末去哪里吃','normal',2,106,'member6',NULL,NULL,NULL,NULL,0,1772362800000000,7,'','','[]',0,0,0,1772370120000000,1772370120000000,'visible',1772370120000000);
INSERT INTO "replies" VALUES(7,'city',7,8,8,NULL,NULL,NULL,NULL,7,'周末去哪里吃','normal',2,107,'member7',NULL,NULL,NULL,NULL,0,1772362800000000,8,'','','[]',0,0,0,1772370120000000,1772370120000000,'visible',1772370120000000);
INSERT INTO "replies" VALUES(8,'city',8,9,NULL,NULL,NULL,NULL,NULL,7,'周末去哪里吃','normal',2,108,'member8',NULL,NULL,NULL,NULL,0,1772362800000000,9,'','','[]',0,0,0,1772370121000000,1772370121000000,'visible',1772370121000000);
INSERT INTO "replies" VALUES(9,'city',9,10,NULL,'ValueError: made up',NULL,NULL,NULL,7,'周末去哪里吃','normal',2,109,'member9',NULL,NULL,NULL,NULL,0,1772362800000000,10,'','','[]',0,0,0,1772370121000000,1772370121000000,'visible',1772370121000000);
CREATE TABLE requests (
	forum VARCHAR NOT NULL, 
	day DATE NOT NULL, 
	made INTEGER NOT NULL, 
	CONSTRAINT pk_requests PRIMARY KEY (forum, day)
);
INSERT INTO "requests" VALUES('city','2026-03-01',1);
CREATE TABLE revisions (
	id INTEGER NOT NULL, 
	reply_id INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	quoted TEXT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (id), 
	CONSTRAINT fk_revisions_reply_id_replies FOREIGN KEY(reply_id) REFERENCES replies (id) ON DELETE CASCADE, 
	CONSTRAINT uq_revisions_reply_id_digest UNIQUE (reply_id, digest)
);
INSERT INTO "revisions" VALUES(1,1,'38012f719181c8c5b851fe40e6431c1b','东门的豆花铺搬到桥头了','有人去过吗',1772366400000000);
INSERT INTO "revisions" VALUES(2,1,'80f890536e290aac900a158ec1e6e427','东门的豆花铺搬到桥头了，周一休息','有人去过吗',1772370000000000);
INSERT INTO "revisions" VALUES(3,2,'f46cd19cbd926fa3f075129ee71f9191','办证加微信 dou-hua-66','',1772370000000000);
INSERT INTO "revisions" VALUES(4,3,'15d68afc3c298f5ef0f52ebccf9c8f87','路过帮顶，好人一生平安','',1772370000000000);
INSERT INTO "revisions" VALUES(5,4,'a0108b5d89af35e0fa841c0395ec2977','代写作业价格好商量','',1772370000000000);
INSERT INTO "revisions" VALUES(6,5,'2ec69bb8a3275852cbc78e731c9120c6','我家阳台种的薄荷活了','',1772370060000000);
INSERT INTO "revisions" VALUES(7,6,'27d30f57f55b5b0ed63377ce7d1c61e4','今晚河边放烟花','',1772370120000000);
INSERT INTO "revisions" VALUES(8,7,'ca77c5eee33672deef837ae63976e6d1','点我头像有惊喜','',1772370120000000);
INSERT INTO "revisions" VALUES(9,8,'d57ab3fc2178494e1a0253735da25292','请问图书馆几点关门','',1772370121000000);
INSERT INTO "revisions" VALUES(10,9,'03b04632601a93f1d3f8fa183c14e2f0','（一种读不懂的格式）','',1772370121000000);
CREATE TABLE unreadable (
	id INTEGER NOT NULL, 
	forum VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	url TEXT NOT NULL, 
	problem TEXT NOT NULL, 
	excerpt TEXT NOT NULL, 
	times INTEGER NOT NULL, 
	first_seen BIGINT NOT NULL, 
	last_seen BIGINT NOT NULL, 
	CONSTRAINT pk_unreadable PRIMARY KEY (id), 
	CONSTRAINT uq_unreadable_forum_digest UNIQUE (forum, digest)
);
INSERT INTO "unreadable" VALUES(1,'city','d3e1b4680676679e1189b4ff81b73dca','https://bbs.example.com/t-7','no post','<div>空</div>',1,1772370121000000,1772370121000000);
CREATE TABLE verdicts (
	id INTEGER NOT NULL, 
	forum VARCHAR NOT NULL, 
	flag_id INTEGER NOT NULL, 
	reply_id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	taught VARCHAR, 
	who VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	given_at BIGINT NOT NULL, 
	action_id INTEGER, 
	undone_at BIGINT, 
	undone_by VARCHAR, 
	CONSTRAINT pk_verdicts PRIMARY KEY (id), 
	CONSTRAINT fk_verdicts_action_id_outbox FOREIGN KEY(action_id) REFERENCES outbox (id), 
	CONSTRAINT fk_verdicts_flag_id_flags FOREIGN KEY(flag_id) REFERENCES flags (id), 
	CONSTRAINT fk_verdicts_reply_id_replies FOREIGN KEY(reply_id) REFERENCES replies (id)
);
INSERT INTO "verdicts" VALUES(1,'city',3,4,'uphold','terminal','spam','ann','',1772370060000000,2,NULL,NULL);
INSERT INTO "verdicts" VALUES(2,'city',4,5,'dismiss','terminal','ham','ann','',1772370120000000,4,NULL,NULL);
INSERT INTO "verdicts" VALUES(3,'city',5,6,'dismiss','terminal','ham','ann','',1772370120000000,NULL,1772370120000000,'ben');
CREATE INDEX ix_audit_at ON audit (at);
CREATE INDEX ix_audit_flag ON audit (flag_id);
CREATE INDEX ix_audit_reply ON audit (reply_id);
CREATE INDEX ix_replies_author ON replies (forum, author_id);
CREATE INDEX ix_replies_campaign ON replies (forum, campaign);
CREATE INDEX ix_replies_first_seen ON replies (forum, first_seen);
CREATE INDEX ix_replies_posted_at ON replies (posted_at);
CREATE INDEX ix_replies_thread ON replies (forum, thread_id);
CREATE INDEX ix_replies_unjudged ON replies (forum, id) WHERE decision_id IS NULL AND parked IS NULL;
CREATE INDEX ix_decisions_decided_at ON decisions (forum, decided_at);
CREATE INDEX ix_decisions_reply ON decisions (reply_id, revision_id);
CREATE INDEX ix_flags_campaign ON flags (forum, campaign);
CREATE INDEX ix_flags_hidden_at ON flags (forum, hidden_at);
CREATE INDEX ix_flags_queue ON flags (forum, state, score);
CREATE INDEX ix_flags_reply ON flags (reply_id);
CREATE INDEX ix_flags_shown_at ON flags (forum, shown_at);
CREATE UNIQUE INDEX uq_flags_open ON flags (reply_id) WHERE closed_at IS NULL;
CREATE INDEX ix_outbox_due ON outbox (forum, state, not_before);
CREATE INDEX ix_outbox_flag ON outbox (flag_id);
CREATE INDEX ix_outbox_reply ON outbox (reply_id, state);
CREATE INDEX ix_verdicts_flag ON verdicts (flag_id);
CREATE INDEX ix_verdicts_reply ON verdicts (reply_id);
CREATE UNIQUE INDEX uq_verdicts_standing ON verdicts (flag_id) WHERE undone_at IS NULL;
CREATE INDEX ix_labels_digest ON labels (digest);
CREATE INDEX ix_labels_verdict ON labels (verdict_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('flags',6);
INSERT INTO "sqlite_sequence" VALUES('audit',20);
INSERT INTO "sqlite_sequence" VALUES('outbox',5);
COMMIT;
