namespace AnalogTorch.Tests.MlNet;

/// <summary>
/// What works with a trainer of ML.NET works with ours in its place, however it is trained, or is refused by a sentence that says what to write.
/// </summary>
public class HabitLaws
{
    /// <summary>What is refused, and what its sentence must say.</summary>
    private static readonly Dictionary<(string Habit, string Task), string> Refusals = new()
    {
        [("one versus all", "binary")] = "write mlContext.MulticlassClassification.Trainers.AnalogNetwork(\"Label\")",
        [("pairwise coupling", "binary")] = "write mlContext.MulticlassClassification.Trainers.AnalogNetwork(\"Label\")",
        [("feature contributions", "multiclass")] = "write mlContext.MulticlassClassification.PermutationFeatureImportance",
        [("rows of one class", "binary")] = "add rows of the other",
        [("rows of one class", "multiclass")] = "add rows of the others",
        [("ONNX", "binary")] = "save the pipeline with mlContext.Model.Save",
        [("ONNX", "multiclass")] = "save the pipeline with mlContext.Model.Save",
        [("ONNX", "regression")] = "save the pipeline with mlContext.Model.Save",
    };

    private static readonly Dictionary<(string Habit, string Task), string[]> Expected = [];

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var (habit, (tasks, _)) in Habits.All)
            foreach (var task in tasks)
                foreach (var kind in Place.Kinds)
                    cells.Add(habit, task, kind);
        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void ItWorksAsWithSdcaOrIsRefused(string habit, string task, string kind)
    {
        var run = Habits.All[habit].Run;
        if (Refusals.TryGetValue((habit, task), out var remedy))
        {
            var refusal = Assert.ThrowsAny<Exception>(() => run(new(task, kind)));
            Assert.True(refusal is NotSupportedException or InvalidOperationException, $"{refusal}");
            Assert.Contains(remedy, refusal.Message, StringComparison.Ordinal);
            Assert.Matches(@"^[A-Z][^\r\n]*[^.]\.$", refusal.Message);
            return;
        }
        if (!Expected.TryGetValue((habit, task), out var expected))
            Expected[(habit, task)] = expected = run(new(task, Place.Native));
        Assert.NotEmpty(expected);
        Assert.Equal(expected, run(new(task, kind)));
    }
}
