using System.Collections;
using System.Reflection;
using static TorchSharp.torch;

namespace AnalogTorch.Layers;

/// <summary>Leads calls of a sealed torch module around its own <c>forward</c>.</summary>
/// <remarks>
/// One hook keeps the input and hands the module a stand-in without samples, whose digital product costs next to nothing; the other returns
/// what the tiles give. Hooks run when a module is called, not when its <c>forward</c> is. Hooks that were there before keep seeing the real
/// input and output: ours is the last before and the first after.
/// </remarks>
internal static class StandInHooks
{
    private const string PreHooks = "pre_hooks", PostHooks = "post_hooks";

    /// <summary>Hooks of a module from tensor to tensor.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes an input without samples.</param>
    /// <param name="run">What the tiles give.</param>
    public static IDisposable Install(nn.Module<Tensor, Tensor> module, Func<Tensor> standIn, Func<Tensor, Tensor> run)
    {
        Tensor? parked = null;
        var before = Last(module, PreHooks, () => module.register_forward_pre_hook((_, input) =>
        {
            parked = input;
            return standIn();
        }));
        var after = First(module, PostHooks, () => module.register_forward_hook((_, input, output) =>
        {
            input.Dispose();
            output.Dispose();
            var real = parked!;
            parked = null;
            return run(real);
        }));
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>Hooks of a module with a state.</summary>
    /// <param name="module">The module.</param>
    /// <param name="standIn">Makes an input without samples, and the state that goes with it.</param>
    /// <param name="run">What the tiles give.</param>
    /// <param name="release">Disposes of a stand-in's state and results.</param>
    public static IDisposable Install<TState, TResult>(
        nn.Module<Tensor, TState, TResult> module, Func<(Tensor Input, TState State)> standIn, Func<Tensor, TState, TResult> run, Action<TState, TResult> release)
    {
        (Tensor Input, TState State)? parked = null;
        var before = Last(module, PreHooks, () => module.register_forward_pre_hook((_, input, state) =>
        {
            parked = (input, state);
            return standIn();
        }));
        var after = First(module, PostHooks, () => module.register_forward_hook((_, input, state, output) =>
        {
            input.Dispose();
            release(state, output);
            var real = parked!.Value;
            parked = null;
            return run(real.Input, real.State);
        }));
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>Hooks that see the real input of a module, on tiles or not, and change its output.</summary>
    /// <param name="module">The module.</param>
    /// <param name="change">Gives an output in place of the module's own, from input and output.</param>
    public static IDisposable Observe(nn.Module<Tensor, Tensor> module, Func<Tensor, Tensor, Tensor> change)
    {
        Tensor? seen = null;
        var before = First(module, PreHooks, () => module.register_forward_pre_hook((_, input) => seen = input)); // ahead of the one that hands in a stand-in
        var after = Last(module, PostHooks, () => module.register_forward_hook((_, _, output) =>
        {
            var input = seen!;
            seen = null;
            return change(input, output);
        }));
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>Hooks that see the real input and output of a module, on tiles or not, and change nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each input before the module runs.</param>
    /// <param name="seen">Told of each call.</param>
    public static IDisposable Watch(nn.Module<Tensor, Tensor> module, Action<Tensor> entering, Action<LayerCall> seen)
    {
        var call = default(LayerCall);
        var before = First(module, PreHooks, () => module.register_forward_pre_hook((_, input) => // ahead of the one that hands in a stand-in
        {
            entering(input);
            call = new(input.shape, input.requires_grad, []);
            return input;
        }));
        var after = Last(module, PostHooks, () => module.register_forward_hook((_, _, output) =>
        {
            seen(call with { Output = output.shape });
            return output;
        }));
        return new Removal(() =>
        {
            before.remove();
            after.remove();
        });
    }

    /// <summary>A hook that sees the real input of a module with a state, on tiles or not, and changes nothing.</summary>
    /// <param name="module">The module.</param>
    /// <param name="entering">Told of each input and state before the module runs.</param>
    /// <param name="seen">Told of each call.</param>
    public static IDisposable Watch<TState, TResult>(nn.Module<Tensor, TState, TResult> module, Action<Tensor, TState> entering, Action<LayerCall> seen)
    {
        var before = First(module, PreHooks, () => module.register_forward_pre_hook((_, input, state) => // ahead of the one that hands in a stand-in
        {
            entering(input, state);
            seen(new(input.shape, input.requires_grad, []));
            return (input, state);
        }));
        return new Removal(before.remove);
    }

    private static T First<T>(nn.Module module, string list, Func<T> register) => Register(module, list, register, first: true);

    private static T Last<T>(nn.Module module, string list, Func<T> register) => Register(module, list, register, first: false);

    /// <summary>Registers a hook before or after all that a module has.</summary>
    /// <remarks>The new one is found by its key: a dictionary gives the place of one that was removed to the next that comes.</remarks>
    private static T Register<T>(nn.Module module, string list, Func<T> register, bool first)
    {
        FieldInfo? field = null;
        for (var type = module.GetType(); type is not null && field is null; type = type.BaseType)
            field = type.GetField(list, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);
        if (field?.GetValue(module) is not IDictionary hooks)
            throw new NotSupportedException($"{LayerKind.NameOf(module)} cannot be converted: this version of TorchSharp keeps hooks in another way; use version 0.107.0.");
        var before = hooks.Keys.Cast<object>().Select(key => (Key: key, Hook: hooks[key])).ToArray();
        var remover = register();
        var added = hooks.Keys.Cast<object>().Except(before.Select(entry => entry.Key)).Select(key => (Key: key, Hook: hooks[key])).ToArray();
        hooks.Clear();
        foreach (var (key, hook) in first ? added.Concat(before) : before.Concat(added))
            hooks.Add(key, hook);
        return remover;
    }
}
