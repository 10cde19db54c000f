"""Words of the demonstration centre: invented people, invented letters, kind answers. No real person, no real event."""

from __future__ import annotations

from typing import Final

PEOPLE: Final = (
    # role, name, title, English title
    ("administrator", "Đỗ Quốc Tuấn", "Cán bộ công nghệ thông tin", "IT officer"),
    ("custodian", "Lê Thị Hạnh", "Chủ tịch Công đoàn", "Chair of the trade union"),
    (
        "custodian",
        "Phạm Minh Giang",
        "Trưởng phòng Tổ chức - Hành chính",
        "Head of organisation and administration",
    ),
    ("custodian", "Vũ Ngọc Oanh", "Đầu mối tại Sở Y tế", "Contact at the Department of Health"),
    ("handler", "Trần Thu Hiền", "Nữ hộ sinh trưởng", "Chief midwife"),
    ("handler", "Bùi Thị Lan", "Điều dưỡng, Khoa Chăm sóc sức khỏe sinh sản", "Nurse, reproductive health"),
    ("handler", "Ngô Đức Bình", "Bác sĩ, Khoa Kiểm soát bệnh tật", "Physician, disease control"),
    (
        "board",
        "Hoàng Thị Mai",
        "Trưởng Ban Vì sự tiến bộ của phụ nữ",
        "Head of the Board for the Advancement of Women",
    ),
    ("board", "Đặng Hữu Phúc", "Ủy viên Ban", "Board member"),
    ("campaigner", "Nguyễn Thị Thủy Tiên", "Thư ký Ban", "Secretary of the board"),
    ("unit", "Phan Thị Yến", "Nữ hộ sinh, Trạm Y tế xã Thiệu Nguyên", "Midwife, Thieu Nguyen station"),
)

STORIES: Final = (
    "Anh ấy hay uống rượu rồi đánh tôi. Tuần này đã hai lần. Tôi sợ các con nhìn thấy.",
    "Một anh cùng khoa hay nhắn cho tôi những tin có ý tình dục. Tôi đã nói tôi không thích nhưng anh ấy vẫn nhắn.",
    "Người nhà bệnh nhân chửi và dọa đánh tôi trong ca trực đêm. Không ai can.",
    "Chồng tôi giữ hết lương, đi đâu cũng phải xin. Tôi không được về thăm mẹ.",
    "Tôi thấy trưởng nhóm hay khoác vai, chạm vào lưng bạn học việc mới. Bạn ấy rất sợ.",
    "Chị hàng xóm hay có vết bầm. Chị nói chị ngã, nhưng tôi nghe tiếng cãi nhau mỗi tối.",
    "Anh ấy dọa sẽ đăng ảnh riêng của tôi nếu tôi chia tay.",
    "Có người trêu ghẹo về thân hình tôi trước mặt mọi người trong cuộc họp. Ai cũng cười.",
    "Một em bé đến khám có dấu hiệu bị đánh. Em không nói gì khi có bố ở đó.",
    "Tôi bị gọi là đồ vô dụng mỗi ngày. Tôi không bị đánh, nhưng tôi không chịu nổi nữa.",
    "Cấp trên bảo nếu muốn ký tiếp hợp đồng thì phải đi ăn tối riêng với ông ấy.",
    "Tôi chỉ muốn có người biết. Tôi chưa muốn làm gì.",
)

ANSWERS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "Cảm ơn bạn đã viết. Điều đã xảy ra không phải lỗi của bạn. Chúng tôi ở đây và sẽ đi từng bước theo ý bạn.",
        (),
    ),
    (
        "Chúng tôi đã đọc thư của bạn. Bạn có chỗ nào an toàn để nói chuyện không? Bạn chọn ngày giờ, chúng tôi sẽ theo.",
        (),
    ),
    (
        "Bạn có thể gọi số bạn thấy ở cuối trang bất cứ lúc nào. Nếu muốn, chúng tôi sẽ hỏi giúp bạn một nơi tạm lánh.",
        (),
    ),
)

QUESTIONS: Final = (
    (
        "Cảm ơn bạn đã viết. Chúng tôi gọi cho bạn được không, và lúc nào thì an toàn?",
        ("Được, buổi sáng", "Được, buổi chiều", "Đừng gọi, viết ở đây thôi"),
    ),
    (
        "Hôm nay bạn có an toàn không? Bạn chỉ cần chạm vào một câu.",
        ("Tôi an toàn", "Tôi chưa chắc", "Tôi không an toàn"),
    ),
)
"""What a handler asks, with answers that a reporter can tap."""

REPLIES: Final = (
    "Cảm ơn chị. Chiều thứ Năm sau 14 giờ tôi nói chuyện được.",
    "Tôi chưa sẵn sàng gặp. Tôi sẽ viết tiếp ở đây.",
    "Vâng, tôi muốn được tư vấn.",
)

WISHES: Final = {
    "withdraw": "",
    "other_handler": "Người đọc thư quen với gia đình tôi. Tôi mong một người khác.",
}

HALL: Final = ("Hội trường tầng 2", "Hall, second floor")
EVENTS: Final = (
    (3, "08:00", ("Lễ phát động Tháng hành động", "Launch of the month"), HALL),
    (10, "14:00", ("Tọa đàm: bình đẳng giới tại nơi làm việc", "Talk: gender equality at work"), HALL),
    (19, "", ("Giao lưu văn nghệ các khoa, phòng", "Evening of songs and plays"), HALL),
    (24, "14:00", ("Hội nghị phổ biến pháp luật", "Conference on the law"), HALL),
)
"""Days after the month began, hour, title, place."""
NEWS: Final = (
    (
        3,
        (
            "Trung tâm phát động Tháng hành động, 120 cán bộ tham dự.",
            "The centre opened the month; 120 staff came.",
        ),
    ),
    (6, ("Các trạm đã treo băng rôn và phát tờ rơi.", "The stations put up banners and gave out leaflets.")),
)
"""Days after the month began, and a sentence."""
