"""The sentences by which Discuz! says what happened, and their stable keys.

The sentences are the same in X3.4 of 2020 and 2022 and in X3.5; a key is what the JSON
API calls the same message (``messageval``), or our own name where it has none.
"""

from __future__ import annotations

import re

SUCCEEDED = frozenset(
    (
        "admin_succeed",
        "modcp_mod_succeed",
        "modcp_member_ban_succeed",
        "login_succeed",
        "forum_passwd_correct",
        "logout_succeed",
        "pm_send_succeed",
    )
)

_KEYS: tuple[tuple[str, str], ...] = (
    ("admin_succeed", "管理操作成功"),
    ("modcp_mod_succeed", "审核处理完毕"),
    ("login_succeed", "欢迎您回来"),
    ("logout_succeed", "您已退出站点"),
    ("forum_passwd_correct", "密码验证成功"),
    ("request_tainting", "您当前的访问请求当中含有非法字符"),
    ("admin_nopermission", "没有权限使用管理功能"),
    ("no_privilege_banpost", "没有权限屏蔽主题"),
    ("no_privilege_delpost", "没有权限删除帖子"),
    ("no_privilege_warnpost", "没有权限警告"),
    ("admin_banpost_invalid", "尚未选择要屏蔽的帖子"),
    ("admin_delpost_invalid", "尚未选择要删除的帖子"),
    ("admin_reason_invalid", "请输入原因"),
    ("submit_invalid", "请求来路不正确或表单验证串不符"),
    ("no_privilege_movethread", "没有权限移动此主题"),
    ("admin_moderate_invalid", "尚未选择主题或主题不可执行此类管理"),
    ("admin_move_invalid", "目标版块不存在"),
    ("admin_move_have_mod", "目标版块需要内容审核"),
    ("admin_move_nopermission", "目标版块无发帖权"),
    ("modcp_member_ban_succeed", "用户资料成功更新"),
    ("modcp_member_ban_illegal", "不能直接禁止该用户"),
    ("thread_nonexistence", "指定的主题不存在或已被删除或正在被审核"),
    ("post_not_found", "没有找到帖子"),
    ("forum_nonexistence", "指定的版块不存在"),
    ("panel_nopermission", "没有权限访问管理面板"),
    ("panel_locked", "管理面板已锁定"),
    ("viewperm_none_nopermission", "没有权限访问该版块"),
    ("forum_passwd_incorrect", "您输入的密码不正确，不能访问这个版块"),
    ("thread_nopermission", "阅读权限"),
    ("to_login", "您需要先登录才能继续"),
    ("user_banned", "您的账号被禁用，无法访问本站点"),
    ("post_flood_ctrl", "两次发表间隔少于"),
    ("guide_closed", "导读功能尚未开启"),
    ("login_strike", "密码错误次数过多"),
    ("login_question", "安全提问"),
    ("login_captcha", "验证码"),
    ("login_invalid", "登录失败"),
    ("board_closed", "本站点暂时关闭"),
)
_CLOSED = re.compile(r"(?:站点?|论坛|社区|服务器?|系统).{0,12}(?:维护|关闭|升级|暂停)")


def key_of(message: str) -> str:
    """The key of a sentence, "" for one that is not known.

    A sentence is the forum's own; it is matched from its beginning so that a name or
    a title inside it decides nothing.
    """
    head = message[:80]
    return next((key for key, phrase in _KEYS if phrase in head), "")


def sounds_closed(message: str) -> bool:
    """Whether an unknown sentence reads like an operator's "closed for maintenance"."""
    return _CLOSED.search(message[:200]) is not None
