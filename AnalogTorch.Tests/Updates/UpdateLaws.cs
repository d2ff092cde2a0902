using AnalogTorch.Updates;

namespace AnalogTorch.Tests.Updates;

public class UpdateLaws : LawsOf<UpdateScheme>;
