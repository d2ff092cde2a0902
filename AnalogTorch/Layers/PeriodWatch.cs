using System.Runtime.CompilerServices;
using AnalogTorch.Tiles;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Refuses what a pass gives during which layers were taken off their tiles, or a chip went to another time: it is of neither.</summary>
/// <remarks>
/// Modules that hold layers on tiles are watched from their first conversion on, since a pass that runs while a chip is disposed of must still be looked at when
/// it ends. What a pass begins with belongs to its thread. Passes of code that calls the <c>forward</c> of a class of its own are not seen.
/// </remarks>
internal sealed class PeriodWatch
{
    private static readonly ConditionalWeakTable<nn.Module, PeriodWatch> Watches = [];
    private readonly ThreadLocal<(LayerGate[] Gates, long Period)> begun = new();
    private const long Changing = -1;
    private readonly string name;
    private volatile LayerGate[] gates = [];

    private PeriodWatch(nn.Module module)
    {
        name = LayerKind.NameOf(module);
        StandInHooks.Add(module, StandInHooks.ModulePreHooks, (nn.Module _) => Begin(), first: true);
        StandInHooks.Add(module, StandInHooks.ModulePostHooks, (nn.Module _) => End(), first: false);
        if (module is nn.Module<Tensor, Tensor> plain)
        {
            LayerPort.For<Tensor, Tensor>(plain).Add(_ => Begin(), (_, result) =>
            {
                End();
                return result;
            });
        }
    }

    /// <summary>Watches the modules of a model that hold layers on tiles.</summary>
    public static void Begin(nn.Module model)
    {
        foreach (var (_, module) in AnalogLayer.Modules(model))
        {
            if (AnalogLayer.Of(module) is not null || !StandInHooks.HasHooks(module))
                continue;
            LayerGate[] gates = [.. AnalogLayer.Modules(module).Select(entry => AnalogLayer.Of(entry.Module)?.Gate).OfType<LayerGate>()];
            if (gates.Length > 0)
                Watches.GetValue(module, key => new(key)).gates = gates;
        }
    }

    private static long Periods(LayerGate[] gates)
    {
        var sum = 0L;
        foreach (var gate in gates)
        {
            if (gate.IsChanging)
                return Changing;
            sum += gate.Period;
        }
        return sum;
    }

    private void Begin()
    {
        var present = gates;
        begun.Value = (present, Periods(present));
    }

    private void End()
    {
        var (present, period) = begun.Value;
        begun.Value = default;
        if (present is not null && (period == Changing || Periods(present) != period))
            throw new ObjectDisposedException(null, $"{name}: its chip was disposed of or went to another time, or its layers were made digital, during this call; end calls on other threads first.");
    }
}
