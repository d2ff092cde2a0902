using static TorchSharp.torch;

namespace AnalogTorch.Tests.Habits;

/// <summary>Whatever a user of torch does, on ideal hardware it comes to the same, or is refused in one sentence: never to something else without a word.</summary>
public class HabitLaws
{
    private const double Close = 2e-5;

    /// <summary>What is refused, by way and habit, whatever the kind of layer; the docs list the same with reasons.</summary>
    private static readonly HashSet<(string Way, string Habit)> Refused =
    [
        ("in memory", "clipping by value, tight"), ("in memory", "noise on gradients"), ("in memory", "gradient penalty"), ("in memory", "another dtype"),
        ("hardware-aware", "gradient penalty"), ("hardware-aware", "another dtype"),
        ("programmed", "another dtype"),
    ];

    public static TheoryData<string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string>();
            foreach (var way in HabitWay.All)
                foreach (var habit in Habit.All.Where(habit => way.Trains || !habit.NeedsTraining))
                    cells.Add(way.Name, habit.Name);
            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void ComesToTheSameOrIsRefused(string wayName, string habitName)
    {
        var way = HabitWay.All.Single(way => way.Name == wayName);
        var habit = Habit.All.Single(habit => habit.Name == habitName);
        var wrong = new List<string>();
        foreach (var kind in HabitKind.All.Where(habit.Concerns))
        {
            var (expected, digitalRefusal) = Do(kind, HabitWay.Digital, habit);
            var (seen, refusal) = Do(kind, way, habit);
            if (digitalRefusal is not null)
                continue; // torch itself does not do it
            if (refusal is not null)
            {
                if (!Refused.Contains((way.Name, habit.Name)) && !IsOneSentenceOf(kind, habit, refusal))
                    wrong.Add($"{kind.Name}: {refusal.GetType().Name}: {refusal.Message}");
                else if (!refusal.Message.TrimEnd().EndsWith('.'))
                    wrong.Add($"{kind.Name}: no sentence: {refusal.Message}");
            }
            else if (Refused.Contains((way.Name, habit.Name)))
            {
                wrong.Add($"{kind.Name}: is listed as refused, but was not");
            }
            else if (Difference(expected, seen) is { } difference)
            {
                wrong.Add($"{kind.Name}: {difference}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    /// <summary>Sequences, and convolutions whose gradients torch takes, keep nothing for a second backward pass, whose memory would be that of a whole network.</summary>
    private static bool IsOneSentenceOf(HabitKind kind, Habit habit, Exception refusal) =>
        habit.Name == "several losses of one pass" && refusal.Message.Contains("backward ran twice through one call", StringComparison.Ordinal)
        && (kind.Name.Contains("Conv", StringComparison.Ordinal) || kind.Name.StartsWith("LSTM", StringComparison.Ordinal) || kind.Name is "GRU" or "RNN" or "GRUCell" or "RNNCell");

    private static (Tensor[] Seen, Exception? Refusal) Do(HabitKind kind, HabitWay way, Habit habit)
    {
        using var layer = kind.Fresh();
        using var chip = way.Convert(layer);
        using var optimizer = way.Optimizer(layer.parameters());
        var run = new HabitRun(kind, layer, optimizer);
        try
        {
            habit.Do(run);
            return ([.. run.Seen], null);
        }
        catch (Exception exception)
        {
            return ([.. run.Seen], exception);
        }
    }

    private static string? Difference(Tensor[] expected, Tensor[] seen)
    {
        if (expected.Length != seen.Length)
            return $"{seen.Length} results where torch has {expected.Length}";
        for (var i = 0; i < seen.Length; i++)
        {
            if (!expected[i].shape.SequenceEqual(seen[i].shape))
                return $"result {i} is [{string.Join(", ", seen[i].shape)}], and [{string.Join(", ", expected[i].shape)}] in torch";
            var error = expected[i].NumberOfElements == 0 ? 0 : (expected[i] - seen[i]).abs().max().to_type(ScalarType.Float64).item<double>();
            if (!(error < Close * Math.Max(1, expected[i].NumberOfElements == 0 ? 0 : expected[i].abs().max().to_type(ScalarType.Float64).item<double>())))
                return $"result {i} is off by {error}";
        }
        return null;
    }
}
