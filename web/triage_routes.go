package web

// triageRoutes are the addresses of acts on many letters, and of folders.
func (s *Server) triageRoutes() []route {
	const bulk = "/mail/{box}/bulk"
	return []route{
		{method: post, pattern: "/mail/{box}/choose", set: pageHeaders, access: forTriage, act: true, handle: s.chooseWhole},
		{method: get, pattern: bulk, set: pageHeaders, access: forTriage, dest: "empty,document", handle: s.bulkProgress},
		{method: post, pattern: bulk, set: pageHeaders, access: forTriage, act: true, handle: s.bulkAct},
		{method: post, pattern: bulk + "/stop", set: pageHeaders, access: forTriage, act: true, handle: s.bulkStop},
		{method: post, pattern: bulk + "/undo", set: pageHeaders, access: forTriage, act: true, handle: s.bulkUndo},
		{method: post, pattern: bulk + "/seen", set: pageHeaders, access: forTriage, act: true, handle: s.bulkSeen},
		{method: get, pattern: "/mail/{box}/reminders", set: pageHeaders, access: forReaders, act: true, handle: s.remindersPage},
		{method: post, pattern: "/mail/{box}/remind", set: pageHeaders, access: forTriage, act: true, handle: s.remind},
		{method: post, pattern: "/mail/{box}/reminders", set: pageHeaders, access: forTriage, act: true, handle: s.reminderCancel},
		{method: get, pattern: "/mail/{box}/space", set: pageHeaders, access: forTriage, act: true, handle: s.spacePage},
		{method: post, pattern: "/mail/{box}/space", set: pageHeaders, access: forTriage, act: true, handle: s.spaceAct},
		{method: get, pattern: "/mail/{box}/folders", set: pageHeaders, access: forTriage, act: true, handle: s.foldersPage},
		{method: post, pattern: "/mail/{box}/folders", set: pageHeaders, access: forTriage, act: true, handle: s.foldersChange},
	}
}
