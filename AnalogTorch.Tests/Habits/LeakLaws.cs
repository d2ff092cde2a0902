using static TorchSharp.torch;

namespace AnalogTorch.Tests.Habits;

/// <summary>However long a layer is trained, or a chip is read, as many tensors are alive as after a few steps, before any garbage is collected.</summary>
public class LeakLaws
{
    public static TheoryData<string, string> Cells
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var way in HabitWay.All)
                foreach (var kind in HabitKind.All)
                    data.Add(way.Name, kind.Name);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void NothingIsLeftBehind(string wayName, string kindName)
    {
        var way = HabitWay.All.Single(way => way.Name == wayName);
        var kind = HabitKind.All.Single(kind => kind.Name == kindName);
        using var layer = kind.Fresh();
        using var chip = way.Convert(layer);
        using var optimizer = way.Optimizer(layer.parameters());
        if (!way.Trains)
            layer.eval();
        for (var step = 0; step < 3; step++)
            Step(step);
        var settled = LiveTensors.Settled();
        for (var step = 0; step < 20; step++)
            Step(step);
        LiveTensors.AssertNoneSince(settled);

        void Step(int seed)
        {
            using var scope = NewDisposeScope();
            if (!way.Trains)
            {
                using var noGrad = no_grad();
                kind.Run(layer, kind.Input(seed));
                return;
            }
            optimizer.zero_grad();
            kind.Run(layer, kind.Input(seed)).square().mean().backward();
            optimizer.step();
        }
    }
}
